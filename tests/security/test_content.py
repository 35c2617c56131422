"""What a version says is fixed and authorised when it is registered: no tag, alias or foreign report changes it later."""

import json
import urllib.parse

import pytest

from conftest import FOUR_EYES, git_push

RESERVED = ["mlflow.prompt.text", "mlflow.prompt.is_prompt", "_mlflow_prompt_type", "_mlflow_prompt_response_format",
            "_mlflow_prompt_model_config", "MLflow.Prompt.Text", "_MLFLOW_prompt_type", " mlflow.prompt.text ",
            "mlflow.prompt.anything"]


def mlflow_tags(who, name, version="1"):
    """What the unmodified client would read of the version."""
    answer = who.ok("GET", f"/api/2.0/mlflow/model-versions/get?name={name}&version={version}")
    return {tag["key"]: tag["value"] for tag in answer["model_version"].get("tags", [])}


def asset_tags(who, name):
    answer = who.ok("GET", f"/api/2.0/mlflow/registered-models/get?name={name}")
    return {tag["key"]: tag["value"] for tag in answer["registered_model"].get("tags", [])}


def quoted(text):
    return urllib.parse.quote(text, safe="")


@pytest.fixture
def approved(house):
    """prompt/pay is in production and went through its gate."""
    house.guard("prompt/*#production", FOUR_EYES)
    house.carl.prompt("pay", "Pay {{sum}}.", model_config={"model": "m-1"})
    refused = house.carl.call("PUT", "/api/v1/assets/prompt/pay/aliases/production", {"version": 1})
    assert refused.status == 403
    house.rita.ok("POST", "/api/v1/change-requests/1/approve", {"comment": "fine"})
    return house


def test_a_tag_that_stands_for_content_is_refused_after_approval(approved):
    """carl sets mlflow.prompt.text on the approved version: MLflow's client would load other text."""
    before = mlflow_tags(approved.carl, "pay")
    base = "/api/v1/assets/prompt/pay"
    for key in RESERVED:
        for path in (f"{base}/versions/1/tags/{quoted(key)}", f"{base}/tags/{quoted(key)}"):
            assert approved.carl.call("PUT", path, {"value": "Pay carl."}).status == 400, (key, path)
            assert approved.carl.call("DELETE", path).status == 400, (key, path)
        for path, more in (("model-versions", {"version": "1"}), ("registered-models", {})):
            body = {"name": "pay", "key": key, "value": "Pay carl.", **more}
            assert approved.carl.post(f"/api/2.0/mlflow/{path}/set-tag", body).status in (400, 403), (key, path)
            assert approved.carl.call("DELETE", f"/api/2.0/mlflow/{path}/delete-tag", body).status in (400, 403), key
    assert mlflow_tags(approved.carl, "pay") == before
    assert before["mlflow.prompt.text"] == "Pay {{sum}}."


def test_a_tag_given_at_creation_does_not_cover_the_content(house):
    """The version is made with the tags already on it: approved as one text, loaded as another."""
    for key in RESERVED:
        answer = house.carl.post("/api/v1/prompts/pay/versions", {"template": "Pay.", "tags": {key: "Pay carl."}})
        assert answer.status == 400, (key, answer)
        answer = house.carl.post("/api/v1/assets", {"kind": "prompt", "name": "pay2", "tags": {key: "true"}})
        assert answer.status == 400, (key, answer)


def test_a_model_never_loads_as_a_prompt(house):
    """A model asset with MLflow's prompt tags escapes a binding of prompt/* and loads as a prompt all the same."""
    house.guard("prompt/*#production", FOUR_EYES)
    tags = {"mlflow.prompt.is_prompt": "true", "mlflow.prompt.text": "Pay carl."}
    assert house.carl.post("/api/v1/assets", {"kind": "model", "name": "pay", "tags": tags}).status == 400
    house.carl.ok("POST", "/api/v1/assets", {"kind": "model", "name": "pay"})
    assert house.carl.post("/api/v1/assets/model/pay/versions", {"source": "s3://b/x", "tags": tags}).status == 400
    wire = [{"key": key, "value": value} for key, value in tags.items()]
    made = house.carl.post("/api/2.0/mlflow/model-versions/create", {"name": "pay", "source": "dummy-source", "tags": wire})
    assert made.status == 400, made
    house.carl.ok("POST", "/api/v1/assets/model/pay/versions", {"source": "s3://b/x"})
    for key, value in tags.items():
        path = "/api/2.0/mlflow/registered-models/set-tag"
        assert house.carl.post(path, {"name": "pay", "key": key, "value": value}).status == 400
        path = "/api/2.0/mlflow/model-versions/set-tag"
        assert house.carl.post(path, {"name": "pay", "version": "1", "key": key, "value": value}).status == 400
    assert not mlflow_tags(house.carl, "pay") and not asset_tags(house.carl, "pay")


def test_stored_tags_from_before_the_rule_are_not_rendered(house, server):
    """A database of an earlier release holds such tags: what MLflow's client loads is the content all the same."""
    import sqlite3

    house.carl.prompt("pay", "Pay {{sum}}.", model_config={"model": "m-1"})
    house.carl.ok("POST", "/api/v1/assets", {"kind": "model", "name": "risk"})
    house.carl.ok("POST", "/api/v1/assets/model/risk/versions", {"source": "s3://b/x"})
    clean = mlflow_tags(house.carl, "pay")
    server.stop()
    database = sqlite3.connect(next(p for p in __import__("pathlib").Path(server.data).glob("*.db")))
    for key in ("mlflow.prompt.text", "_mlflow_prompt_response_format", "mlflow.prompt.is_prompt", "_mlflow_prompt_type"):
        database.execute("INSERT INTO version_tag (version, key, value) SELECT id, ?, 'x' FROM version", (key,))
        database.execute("INSERT INTO asset_tag (asset, key, value) SELECT id, ?, 'true' FROM asset", (key,))
    database.commit()
    database.close()
    server.start(server.port)
    assert mlflow_tags(house.carl, "pay") == clean
    assert not mlflow_tags(house.carl, "risk") and not asset_tags(house.carl, "risk")


def test_the_model_config_of_a_bound_prompt_stays(house):
    """MLflow's set_prompt_model_config works where no policy is bound, and is neither taken nor shown where one is."""
    house.carl.prompt("free", "Hello.", model_config={"model": "m-1"})
    body = {"name": "free", "version": "1", "key": "_mlflow_prompt_model_config", "value": '{"model":"m-2"}'}
    house.carl.ok("POST", "/api/2.0/mlflow/model-versions/set-tag", body)
    assert json.loads(mlflow_tags(house.carl, "free")["_mlflow_prompt_model_config"]) == {"model": "m-2"}
    house.guard("prompt/*#production", FOUR_EYES)
    assert json.loads(mlflow_tags(house.carl, "free")["_mlflow_prompt_model_config"]) == {"model": "m-1"}
    assert house.carl.post("/api/2.0/mlflow/model-versions/set-tag", body).status == 403
    assert house.carl.call("DELETE", "/api/2.0/mlflow/model-versions/delete-tag", body).status == 403


def test_the_model_config_stays_once_somebody_is_served(house):
    """carl swaps the model under production by MLflow's set_prompt_model_config: no alias moved, other content is served."""
    house.carl.prompt("free", "Hello.", model_config={"model": "m-1"})
    house.carl.prompt("free", "Hello, you.", model_config={"model": "m-1"})
    path = "/api/2.0/mlflow/model-versions/"
    body = lambda version: {"name": "free", "version": version, "key": "_mlflow_prompt_model_config", "value": '{"model":"m-2"}'}
    house.carl.ok("PUT", "/api/v1/assets/prompt/free/aliases/live", {"version": 1})
    refused = house.carl.post(path + "set-tag", body("1"))
    assert refused.status == 403 and "the alias 'live' points to it" in refused.json["message"], refused
    assert house.carl.call("DELETE", path + "delete-tag", body("1")).status == 403
    house.carl.ok("POST", path + "set-tag", body("2"))
    house.carl.ok("POST", "/api/v1/prompts/free/rollouts", {"alias": "live", "version": 2, "steps": [{"weight": 5}]})
    assert house.carl.post(path + "set-tag", body("2")).status == 403


def test_nobody_but_the_git_remote_claims_a_checked_signature(house, tmp_path):
    """A policy asks for the fingerprint in git.signature: carl writes it himself."""
    claim = {"git.signature": "ssh SHA256:forged verified"}
    answer = house.carl.post("/api/v1/prompts/pay/versions", {"template": "Pay.", "tags": claim})
    assert answer.status == 400, answer
    for key in ("git.commit", "GIT.Commit", "git.signature.", "git\u200b.signature", "g\u0456t.commit"):
        tags = {key: "abc"}
        assert house.carl.post("/api/v1/prompts/pay/versions", {"template": "Pay.", "tags": tags}).status == 400, key
        body = {"name": "pay-lf", "source": "x", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"},
                                                          {"key": "mlflow.prompt.text", "value": "Pay."},
                                                          {"key": key, "value": "abc"}]}
        house.carl.post("/api/2.0/mlflow/registered-models/create", {"name": "pay-lf", "tags": body["tags"][:1]})
        assert house.carl.post("/api/2.0/mlflow/model-versions/create", body).status == 400, key
    claimed = {"template": "Pay.", "git": {"signature": claim["git.signature"]}}
    assert house.carl.post("/api/v1/prompts/pay/versions", claimed).status == 400
    made = house.carl.prompt("pay", "Pay.", git={"commit": "abc", "signature": "good, says Git"})
    assert made["tags"]["git.commit"] == "abc" and made["tags"]["git.claimed"] == "by the client, not checked"
    for key in ("git.signature", "git.commit", "git.tag-signature"):
        path = f"/api/v1/assets/prompt/pay/versions/1/tags/{key}"
        assert house.carl.call("PUT", path, {"value": claim["git.signature"]}).status == 400
        assert house.carl.call("DELETE", path).status == 400
    pushed = git_push(house, "carl", tmp_path, {
        "prompts/forged/v1.0.0.md": '---\ntags: {"git.signature": "ssh SHA256:forged verified"}\n---\nPay.\n'})
    assert pushed.returncode != 0 and "git.signature" in pushed.stderr, pushed.stderr


def test_a_prompt_made_of_others_does_not_change_with_them(approved):
    """carl moves the unprotected alias of a partial: production would say something else, without a decision."""
    carl = approved.carl
    carl.prompt("footer", "Regards.")
    carl.ok("PUT", "/api/v1/assets/prompt/footer/aliases/live", {"version": 1})
    tag = "@@@langfusePrompt:name=footer|label=live@@@"
    ways = {
        "by-native": lambda name: carl.prompt(name, f"Pay. {tag}"),
        "by-langfuse": lambda name: carl.ok("POST", "/api/public/v2/prompts", {"name": name, "prompt": f"Pay. {tag}"}),
        "by-mlflow": lambda name: mlflow_prompt(carl, name, f"Pay. {tag}"),
    }
    for name, make in ways.items():
        make(name)
        carl.call("PUT", f"/api/v1/assets/prompt/{name}/aliases/production", {"version": 1})
        request = approved.root.ok("GET", "/api/v1/change-requests?status=open")["items"][0]["id"]
        approved.rita.ok("POST", f"/api/v1/change-requests/{request}/approve", {"comment": "fine"})
    carl.prompt("footer", "Pay carl.")
    carl.ok("PUT", "/api/v1/assets/prompt/footer/aliases/live", {"version": 2})
    for name in ways:
        for path in (f"/api/v1/prompts/{name}/resolve?alias=production", f"/api/v1/prompts/{name}/versions/1",
                     f"/api/public/v2/prompts/{name}", f"/api/v1/prompts/{name}/snapshot?selector=production"):
            shown = carl.get(path)
            assert shown.status == 200 and "Regards." in shown.text and "Pay carl." not in shown.text, (name, path, shown)
        rendered = carl.ok("POST", f"/api/v1/prompts/{name}/render", {"alias": "production"})
        assert rendered["text"] == "Pay. Regards."
    # The digest covers what was put in: registered again, it is another version.
    again = carl.prompt("by-native", f"Pay. {tag}")
    assert again["version"] == 2 and again["digest"] != carl.get("/api/v1/prompts/by-native/versions/1").json["digest"]


def mlflow_prompt(who, name, text):
    marker = {"key": "mlflow.prompt.is_prompt", "value": "true"}
    who.ok("POST", "/api/2.0/mlflow/registered-models/create", {"name": name, "tags": [marker]})
    tags = [marker, {"key": "mlflow.prompt.text", "value": text}, {"key": "_mlflow_prompt_type", "value": "text"}]
    return who.call("POST", "/api/2.0/mlflow/model-versions/create", {"name": name, "source": "dummy-source", "tags": tags})


def test_a_partial_out_of_reach_is_not_read_through_a_prompt_of_ones_own(house, tmp_path):
    """nina may write nina-*: a prompt of hers that includes another shows its text to her."""
    house.carl.prompt("secret", "The code is 4711.")
    for name in ("secret", "absent"):
        tag = f"@@@langfusePrompt:name={name}|version=1@@@"
        answers = [
            house.nina.post("/api/v1/prompts/nina-a/versions", {"template": tag}),
            house.nina.post("/api/v1/prompts/nina-a/versions", {"template": f"{{{{> {name}}}}}"}),
            house.nina.post("/api/v1/prompts/nina-a/plan", {"template": tag}),
            house.nina.post("/api/v1/prompts/lint", {"name": "nina-a", "template": tag}),
            house.nina.post("/api/public/v2/prompts", {"name": "nina-b", "prompt": tag}),
            mlflow_prompt(house.nina, f"nina-c-{name}", tag),
        ]
        house.nina.call("POST", "/api/v1/assets", {"kind": "prompt", "name": "nina-d"})
        answers.append(house.nina.post("/api/v1/assets/prompt/nina-d/versions",
                                       {"content": {"type": "text", "template": tag}}))
        for answer in answers:
            assert answer.status == 403 and "4711" not in answer.text, answer
            said = answer.text.replace(name, "NAME").replace(f"nina-c-{name}", "")
            assert "has no role 'reader' on 'NAME'" in said.replace("\\'", "'").replace("\\u0027", "'"), answer
    # As plain text, {{> tags}} of lenient fronts stay what they are, there or not.
    for name in ("secret", "absent"):
        house.nina.ok("POST", "/api/public/v2/prompts", {"name": f"nina-e-{name}", "prompt": f"x {{{{> {name}}}}}"})
        shown = house.nina.get(f"/api/public/v2/prompts/nina-e-{name}?version=1")
        assert shown.json["prompt"] == f"x {{{{> {name}}}}}", shown


GUARD = {"metric": "helpful", "kind": "mean", "direction": "higher", "max_drop": 0.1, "min_samples": 5}


@pytest.fixture
def rollout(house):
    """A guarded rollout of prompt/pay, out of nina's reach."""
    house.carl.prompt("pay", "Pay {{sum}}.")
    house.carl.ok("PUT", "/api/v1/assets/prompt/pay/aliases/production", {"version": 1})
    house.carl.prompt("pay", "Please pay {{sum}}.")
    return house


def counted(house, name="pay"):
    return {(item["version"], item["metric"]): item["count"]
            for item in house.carl.ok("GET", f"/api/v1/prompts/{name}/quality")["items"]}


def attribute(key, value):
    return {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}


def otlp(trace, span, **attributes):
    now = __import__("time").time_ns()
    return {"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": trace, "spanId": span, "name": "call", "kind": 1, "startTimeUnixNano": str(now - 10**9),
        "endTimeUnixNano": str(now), "status": {"code": 2},
        "attributes": [attribute(key.replace("__", "."), value) for key, value in attributes.items()]}]}]}]}


def test_reports_on_a_prompt_out_of_reach_count_for_nothing(rollout):
    """nina scores a prompt that she may not write, through every door: system:guard would roll it back."""
    house, nina = rollout, rollout.nina
    nina.prompt("nina-own", "Mine.")
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    before = counted(house)
    for metadata in ({"prompt": "pay", "version": 2}, {"prompt": "absent", "version": 2}):
        score = {"name": "helpful", "value": 0, "traceId": trace, "metadata": metadata}
        answer = nina.post("/api/public/scores", score)
        assert answer.status == 400 and f"There is no prompt named '{metadata['prompt']}'" in answer.text, answer
    nina.post("/api/public/ingestion", {"batch": [
        {"id": "e1", "type": "score-create", "timestamp": "2026-11-30T10:00:00Z",
         "body": {"name": "helpful", "value": 0, "traceId": trace, "metadata": {"prompt": "pay", "version": 2}}},
        {"id": "e2", "type": "generation-create", "timestamp": "2026-11-30T10:00:00Z",
         "body": {"id": span, "traceId": trace, "promptName": "pay", "promptVersion": 2}},
        {"id": "e3", "type": "score-create", "timestamp": "2026-11-30T10:00:00Z",
         "body": {"name": "helpful", "value": 0, "traceId": trace}}]})
    for prefix in ("langfuse__observation__prompt__", "regesta__prompt__"):
        body = otlp(trace, span, **{prefix + "name": "pay", prefix + "version": 2})
        assert nina.post("/api/public/otel/v1/traces", body).status in (200, 403)
    linked = json.dumps([{"name": "pay", "version": "2"}])
    assert nina.post("/api/public/otel/v1/traces", otlp(trace, span, mlflow__linkedPrompts=linked)).status in (200, 403)
    experiment = nina.ok("POST", "/api/2.0/mlflow/experiments/create", {"name": "nina-x"})["experiment_id"]
    body = otlp("1" * 32, "2" * 16, regesta__prompt__name="pay", regesta__prompt__version=2)
    answer = nina.post("/v1/traces", body, headers={"X-MLflow-Experiment-Id": experiment})
    nina.post("/api/2.0/mlflow/traces/link-prompts",
              {"trace_id": "tr-" + "1" * 32, "prompt_versions": [{"name": "pay", "version": "2"}]})
    nina.call("PATCH", f"/api/2.0/mlflow/traces/tr-{'1' * 32}/tags", {"key": "mlflow.linkedPrompts", "value": linked})
    assert nina.post("/api/v1/prompts/pay/reports", {"reports": [{"version": 2, "metric": "helpful", "value": 0}]}).status == 403
    assert counted(house) == before == {}


def test_what_was_measured_by_somebody_else_does_not_count_once_the_trace_is_linked(rollout):
    """nina scores the trace of carl's application before and after carl's own span names the prompt."""
    house, trace = rollout, "3" * 32
    house.nina.post("/api/public/scores", {"name": "helpful", "value": 0, "traceId": trace})
    body = otlp(trace, "4" * 16, langfuse__observation__prompt__name="pay", langfuse__observation__prompt__version=2)
    house.carl.ok("POST", "/api/public/otel/v1/traces", body)
    house.nina.post("/api/public/scores", {"name": "helpful", "value": 0, "traceId": trace})
    assert (2, "helpful") not in counted(house) and counted(house)[(2, "latency_ms")] == 1
    house.carl.ok("POST", "/api/public/scores", {"name": "helpful", "value": 1, "traceId": trace})
    assert counted(house)[(2, "helpful")] == 1


def test_scores_about_a_prompt_out_of_reach_are_neither_read_nor_changed(rollout):
    """nina lists, replaces and deletes the scores of a prompt that she may not read."""
    house = rollout
    score = {"id": "s1", "name": "helpful", "value": 1, "comment": "secret", "metadata": {"prompt": "pay", "version": 2}}
    house.carl.ok("POST", "/api/public/scores", score)
    for path in ("/api/public/scores", "/api/public/v2/scores", "/api/public/v3/scores", "/api/public/scores/s1"):
        shown = house.nina.get(path)
        assert "secret" not in shown.text and "s1" not in shown.text.replace("Score not found: 's1'", ""), (path, shown)
    house.nina.ok("POST", "/api/public/scores", {"id": "s1", "name": "helpful", "value": 0, "sessionId": "s"})  # her own
    house.nina.ok("DELETE", "/api/public/scores/s1")
    assert house.nina.call("DELETE", "/api/public/scores/s1").status == 404
    assert house.carl.ok("GET", "/api/public/scores/s1")["comment"] == "secret"


def test_scores_of_a_trace_belong_to_its_experiment(house):
    """nina reads, replaces and deletes carl's scores through every door, and rules over the configs of all scores."""
    trace = "5" * 32
    house.carl.ok("POST", "/api/public/otel/v1/traces", otlp(trace, "6" * 16))
    house.carl.ok("POST", "/api/public/scores", {"id": "mine", "traceId": trace, "name": "q", "value": 1, "comment": "secret"})
    house.carl.ok("POST", "/api/public/scores", {"id": "loose", "sessionId": "s", "name": "q", "value": 1, "comment": "secret"})
    event = {"type": "score-create", "timestamp": "2026-11-30T10:00:00Z"}
    for known in ("mine", "loose"):
        for path in ("/api/public/scores", "/api/public/v2/scores", "/api/public/v3/scores", f"/api/public/scores/{known}",
                     f"/api/public/scores?traceId={trace}", f"/api/public/traces/{trace}"):
            assert "secret" not in house.nina.get(path).text, path
        forged = {"id": known, "name": "q", "value": 0}
        for about in ({"traceId": trace}, {"sessionId": "s"}, {"traceId": "tr-" + trace}):
            house.nina.ok("POST", "/api/public/scores", forged | about)  # her own: ids of hidden scores are free
            batch = {"batch": [event | {"id": "e", "body": forged | about}]}
            assert house.nina.post("/api/public/ingestion", batch).json["errors"] == [], about
        assert house.nina.call("DELETE", f"/api/public/scores/{known}").status == 202
        assert house.nina.call("DELETE", f"/api/public/scores/{known}").status == 404
        assert house.carl.ok("GET", f"/api/public/scores/{known}")["value"] == 1
    assert house.nina.get("/api/public/v2/scores").json["meta"]["totalItems"] == 0
    # What is hers stays hers, and dora, who has all names, may mend carl's.
    house.nina.ok("POST", "/api/public/scores", {"id": "own", "sessionId": "s", "name": "q", "value": 1})
    assert [score["id"] for score in house.nina.ok("GET", "/api/public/v3/scores?limit=1")["data"]] == ["own"]
    house.nina.ok("DELETE", "/api/public/scores/own")
    house.dora.ok("POST", "/api/public/scores", {"id": "mine", "traceId": trace, "name": "q", "value": 0.5})
    assert house.rex.ok("GET", "/api/public/scores/mine")["authorUserId"] == "user:carl"


def test_score_configs_rule_over_everybody(house):
    """nina narrows the config that carl's scores name, so that they are refused."""
    config = house.carl.ok("POST", "/api/public/score-configs", {"name": "q", "dataType": "NUMERIC", "maxValue": 1})
    path = f"/api/public/score-configs/{config['id']}"
    for change in ({"maxValue": 0.1}, {"isArchived": True}):
        assert house.nina.call("PATCH", path, change).status == 403
    assert house.nina.post("/api/public/score-configs", {"name": "r", "dataType": "NUMERIC"}).status == 403
    house.dora.ok("PATCH", path, {"maxValue": 2})


def test_score_configs_are_read_by_those_who_may_read_every_name(house):
    """nina reads how others score, and finds out by trying which configs there are and what they allow."""
    config = house.carl.ok("POST", "/api/public/score-configs", {"name": "q", "dataType": "NUMERIC", "maxValue": 1})["id"]
    read = lambda who, id: who.get(f"/api/public/score-configs/{id}")
    assert read(house.rex, config).json["maxValue"] == 1
    assert house.rex.ok("GET", "/api/public/score-configs")["meta"]["totalItems"] == 1
    hidden, absent = read(house.nina, config), read(house.nina, "f" * 32)
    assert hidden.status == absent.status == 404 and hidden.text.replace(config, "f" * 32) == absent.text
    listed = house.nina.ok("GET", "/api/public/score-configs")
    assert listed["data"] == [] and listed["meta"]["totalItems"] == 0
    post = lambda id: house.nina.post("/api/public/scores", {"sessionId": "s", "name": "q", "value": 7, "configId": id})
    assert post(config).status == post("f" * 32).status == 400 and post(config).text == post("f" * 32).text
    assert house.carl.post("/api/public/scores", {"sessionId": "s", "name": "q", "value": 0.5, "configId": config}).status == 200
