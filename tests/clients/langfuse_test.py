"""The unmodified Langfuse SDK for Python against the real server."""

import uuid

import httpx
import mlflow
import pytest
from langfuse import Langfuse
from langfuse.api.commons.errors import AccessDeniedError, Error, NotFoundError, UnauthorizedError

from regesta_server import eventually


def client(url, public="pk-lf-any", secret="sk-lf-any", **more):
    # The SDK keeps one set of resources a public key: a key of its own keeps the tests apart.
    return Langfuse(public_key=f"{public}", secret_key=secret, base_url=url, timeout=60, **more)


@pytest.fixture
def lf(shared_server):
    made = client(shared_server.url, public=f"pk-lf-{uuid.uuid4().hex[:8]}")
    yield made
    made.shutdown()


def get(lf, name, **more):
    return lf.get_prompt(name, cache_ttl_seconds=0, max_retries=0, **more)


def test_keys_open_a_project(lf):
    assert lf.auth_check()
    [project] = lf.api.projects.get().data
    assert (project.id, project.name) == ("default", "default")
    assert lf.api.health.health().status == "OK"


def test_a_text_prompt_lives(lf, name):
    made = lf.create_prompt(name=name, prompt="hi {{x}}", labels=["production"], tags=["t1", "t2"],
                            config={"model": "m", "temperature": 0.5}, commit_message="first")
    assert (made.version, made.compile(x="b")) == (1, "hi b")
    got = get(lf, name)
    assert (got.name, got.version, got.prompt) == (name, 1, "hi {{x}}")
    assert got.config == {"model": "m", "temperature": 0.5}
    assert (sorted(got.labels), got.tags, got.commit_message) == (["latest", "production"], ["t1", "t2"], "first")

    second = lf.create_prompt(name=name, prompt="hello {{x}}", labels=["staging"])
    assert second.version == 2 and sorted(second.labels) == ["latest", "staging"]
    assert get(lf, name).version == 1 and get(lf, name, label="staging").version == 2
    assert get(lf, name, label="latest").version == 2 and get(lf, name, version=1).labels == ["production"]
    assert get(lf, name).config == {"model": "m", "temperature": 0.5} and second.config == {}
    assert second.tags == ["t1", "t2"], "tags belong to all versions and stay when none are sent"

    lf.update_prompt(name=name, version=2, new_labels=["production", "team.a"])
    moved = get(lf, name)
    assert moved.version == 2 and sorted(moved.labels) == ["latest", "production", "staging", "team.a"]
    assert get(lf, name, version=1).labels == []
    with pytest.raises(Error):
        lf.update_prompt(name=name, version=2, new_labels=["latest"])


def test_the_same_again_is_a_version_all_the_same(lf, name):
    first = lf.create_prompt(name=name, prompt="same", config={}, labels=["production"])
    again = lf.create_prompt(name=name, prompt="same", tags=["x"])
    assert (first.version, again.version, again.labels, again.tags) == (1, 2, ["latest"], ["x"])
    assert get(lf, name).version == 1 and get(lf, name, version=1).tags == ["x"]
    assert get(lf, name, version=2).prompt == "same"


def test_a_chat_prompt_with_a_placeholder(lf, name):
    messages = [{"role": "system", "content": "You help {{who}}."}, {"type": "placeholder", "name": "history"},
                {"role": "user", "content": "{{question}}"}]
    lf.create_prompt(name=name, type="chat", prompt=messages, labels=["production"])
    got = get(lf, name, type="chat")
    compiled = got.compile(who="me", question="why", history=[{"role": "user", "content": "before"}])
    assert [m["content"] for m in compiled] == ["You help me.", "before", "why"]
    with pytest.raises(Error, match="must be chat"):
        lf.create_prompt(name=name, prompt="a text now")
    with pytest.raises(Error, match="placeholder"):
        lf.create_prompt(name=name, type="chat",
                         prompt=[{"role": "user", "content": "{{h}}"}, {"type": "placeholder", "name": "h"}])


def test_names_in_folders(lf, name):
    folder = f"support/de/{name}"
    lf.create_prompt(name=folder, prompt="guten Tag", labels=["production"])
    assert get(lf, folder).name == folder
    lf.update_prompt(name=folder, version=1, new_labels=["x"])
    assert "x" in get(lf, folder).labels
    # The client that does not encode the slash is understood as well.
    assert lf.api.prompts.get(folder).prompt == "guten Tag"
    for bad in ("/a", "a/", "a//b", "a/../b", "a|b", "a:b"):
        with pytest.raises(Error):
            lf.create_prompt(name=bad, prompt="x")


def test_what_is_not_there(lf, name):
    with pytest.raises(NotFoundError, match=name):
        get(lf, name)
    lf.create_prompt(name=name, prompt="x")
    with pytest.raises(NotFoundError, match="label 'production'"):
        get(lf, name)
    with pytest.raises(NotFoundError, match="version 7"):
        get(lf, name, version=7)
    fallback = get(lf, name, label="nowhere", fallback="so long")
    assert fallback.is_fallback and fallback.compile() == "so long"


def test_versions_may_be_asked_for_as_semver_and_range(lf, name):
    lf.create_prompt(name=name, prompt="one {{x}}")
    lf.create_prompt(name=name, prompt="two {{x}}")
    exact, best = get(lf, name, label="1.0.0"), get(lf, name, label="^1")
    assert (exact.version, best.version) == (1, 2)
    assert lf.api.prompts.get(name, label="^1").semver.startswith("1.")


def test_lists(lf, name):
    for i in range(3):
        lf.create_prompt(name=f"{name}-{i}", prompt=str(i), labels=[f"only-{i}"], tags=[name])
    lf.create_prompt(name=f"{name}-0", prompt="0b", config={"a": 1})
    page = lf.api.prompts.list(tag=name, limit=2)
    assert [p.name for p in page.data] == [f"{name}-0", f"{name}-1"]
    assert (page.meta.total_items, page.meta.total_pages, page.meta.page) == (3, 2, 1)
    assert [p.name for p in lf.api.prompts.list(tag=name, limit=2, page=2).data] == [f"{name}-2"]
    [one] = lf.api.prompts.list(name=f"{name}-0").data
    assert (one.versions, one.type, one.last_config, sorted(one.labels)) == ([1, 2], "text", {"a": 1}, ["latest", "only-0"])
    assert [p.name for p in lf.api.prompts.list(tag=name, label="only-1").data] == [f"{name}-1"]
    assert lf.api.prompts.list(name=name).data == []


def test_deleting(lf, name):
    for text in "abc":
        lf.create_prompt(name=name, prompt=text)
    lf.api.prompts.delete(name, version=1)
    assert lf.api.prompts.list(name=name).data[0].versions == [2, 3]
    lf.api.prompts.delete(name)
    with pytest.raises(NotFoundError):
        get(lf, name, label="latest")


def test_what_one_front_writes_the_others_read(lf, name, tracking):
    made = mlflow.genai.register_prompt(name, "Answer {{question}} briefly", commit_message="from mlflow",
                                        tags={"team": "chat"}, model_config={"model_name": "m1"})
    mlflow.genai.set_prompt_alias(name, "production", made.version)
    got = get(lf, name)
    assert (got.prompt, got.version, got.commit_message) == ("Answer {{question}} briefly", 1, "from mlflow")
    assert got.config["model_name"] == "m1"

    lf.create_prompt(name=name, prompt="Answer {{question}} at length", labels=["staging"], commit_message="from langfuse",
                     config={"model_name": "m2"})
    loaded = mlflow.genai.load_prompt(f"prompts:/{name}@staging")
    assert loaded.format(question="why") == "Answer why at length"
    assert (loaded.version, loaded.commit_message) == (2, "from langfuse")
    lf.update_prompt(name=name, version=2, new_labels=["production"])
    assert mlflow.genai.load_prompt(f"prompts:/{name}@production").version == 2

    lf.create_prompt(name=name + "-chat", type="chat", labels=["production"],
                     prompt=[{"role": "system", "content": "Be kind to {{who}}"}])
    chat = mlflow.genai.load_prompt(f"prompts:/{name}-chat@production")
    assert chat.format(who="me") == [{"role": "system", "content": "Be kind to me"}]
    lf.create_prompt(name=f"folder/{name}", prompt="in a folder", labels=["production"])
    # MLflow's addresses know no folders, its registry calls do.
    registry = mlflow.MlflowClient()
    assert registry.get_prompt_version_by_alias(f"folder/{name}", "production").template == "in a folder"
    assert registry.get_prompt_version(f"folder/{name}", 1).template == "in a folder"


def test_scores_one_by_one_and_in_batches(lf, name):
    lf.create_prompt(name=name, prompt="v1", labels=["production"])
    trace = uuid.uuid4().hex
    lf.create_score(name="quality", value=0.9, trace_id=trace, comment="good", score_id=f"{name}-1",
                    metadata={"prompt": name, "version": 1})
    lf.create_score(name="polite", value=True, data_type="BOOLEAN", trace_id=trace, score_id=f"{name}-2")
    lf.create_score(name="mood", value="glad", data_type="CATEGORICAL", session_id="s1", score_id=f"{name}-3")
    lf.flush()
    found = {s.name: s for s in lf.api.scores.get_many(trace_id=trace, fields="details,subject").data}
    assert set(found) == {"quality", "polite"}
    assert found["quality"].value == pytest.approx(0.9) and found["quality"].comment == "good"
    assert found["quality"].subject.kind == "trace" and found["quality"].subject.id == trace
    assert found["polite"].value is True and found["quality"].environment == "default"
    [mood] = lf.api.scores.get_many(session_id="s1", name="mood", fields="subject").data
    assert (mood.value, mood.subject.kind) == ("glad", "session")
    lf.api.scores.delete(f"{name}-2")
    assert [s.name for s in lf.api.scores.get_many(trace_id=trace).data] == ["quality"]


def test_scores_are_paged_by_a_cursor(lf, name):
    for i in range(5):
        lf.create_score(name=name, value=i, session_id=name)
    lf.flush()
    seen, cursor = [], None
    for _ in range(5):
        page = lf.api.scores.get_many(name=name, limit=2, cursor=cursor)
        seen += [s.value for s in page.data]
        cursor = page.meta.cursor
        if not cursor:
            break
    assert sorted(seen) == [0, 1, 2, 3, 4] and len(set(seen)) == 5


def test_the_cache_serves_stale_and_then_the_new_version(lf, name):
    lf.create_prompt(name=name, prompt="old", labels=["production"])
    assert lf.get_prompt(name, cache_ttl_seconds=1).prompt == "old"
    other = httpx.post(f"{lf._resources.base_url}/api/public/v2/prompts", auth=("pk", "sk"),
                       json={"name": name, "prompt": "new", "labels": ["production"]})
    assert other.status_code == 201, other.text
    assert lf.get_prompt(name, cache_ttl_seconds=1).prompt == "old"
    eventually(lambda: lf.get_prompt(name, cache_ttl_seconds=1).prompt == "new", every=0.2)


def test_scores_of_a_traced_generation_count_for_its_version(lf, shared_server, name):
    lf.create_prompt(name=name, prompt="v1 {{x}}", labels=["production"])
    prompt = get(lf, name)
    early = lf.create_trace_id()
    lf.create_score(name="helpful", value=0.25, trace_id=early)  # before its trace is known here
    lf.flush()
    with lf.start_as_current_observation(as_type="generation", name="answer", model="m", prompt=prompt,
                                         trace_context={"trace_id": early}) as generation:
        generation.update(output="a", usage_details={"input": 3, "output": 4})
    lf.flush()
    lf.create_score(name="helpful", value=0.75, trace_id=early)
    lf.create_score(name="unrelated", value=1, trace_id=lf.create_trace_id())
    lf.flush()
    found = {item["metric"]: item for item in native(shared_server, "GET", f"/api/v1/prompts/{name}/quality")["items"]}
    assert (found["helpful"]["version"], found["helpful"]["count"], found["helpful"]["mean"]) == (1, 2, 0.5)
    assert found["latency_ms"]["count"] == 1 and found["error"]["mean"] == 0 and found["input_tokens"]["mean"] == 3
    assert "unrelated" not in found


def test_dependencies_are_put_in(lf, name):
    lf.create_prompt(name=f"{name}-rules", prompt="Be brief.", labels=["production"])
    tag = f"@@@langfusePrompt:name={name}-rules|label=production@@@"
    lf.create_prompt(name=name, prompt=f"{tag} Answer {{{{q}}}}", labels=["production"])
    got = lf.api.prompts.get(name)
    assert got.prompt == "Be brief. Answer {{q}}"
    assert got.resolution_graph["root"]["name"] == name
    [parts] = got.resolution_graph["dependencies"].values()
    assert (parts[0]["name"], parts[0]["version"]) == (f"{name}-rules", 1)
    assert lf.api.prompts.get(name, resolve=False).prompt == f"{tag} Answer {{{{q}}}}"
    lf.create_prompt(name=f"{name}-rules", prompt="Be thorough.", labels=["production"])
    # What a version says was fixed when it was registered: the label that moved counts for the next one.
    assert lf.api.prompts.get(name).prompt == "Be brief. Answer {{q}}"
    lf.create_prompt(name=name, prompt=f"{tag} Answer {{{{q}}}}", labels=["production"])
    assert lf.api.prompts.get(name).prompt == "Be thorough. Answer {{q}}"


def test_bucketed_labels_split_a_rollout(lf, shared_server, name):
    lf.create_prompt(name=name, prompt="stable", labels=["production"])
    candidate = lf.create_prompt(name=name, prompt="candidate").version
    native(shared_server, "POST", f"/api/v1/prompts/{name}/rollouts",
           json={"alias": "production", "version": candidate, "steps": [{"weight": 30}]})
    assert get(lf, name).version == 1, "without a bucket: the stable version"
    assert get(lf, name, label="production.b0").version == candidate
    split = [get(lf, name, label=f"production.b{i}").version for i in range(0, 100, 5)]
    assert split == [candidate] * 6 + [1] * 14
    with pytest.raises(NotFoundError):
        get(lf, name, label="production.b100")


def native(server, method, path, token=None, **more):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.request(method, server.url + path, headers=headers, timeout=60, **more)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.text else None


def test_a_pair_of_keys_must_belong_together(server):
    admin = native(server, "POST", "/api/v1/users", json={"name": "anna", "password": "long enough", "grants": []})
    assert admin["name"] == "anna"
    as_anna = {"auth": ("anna", "long enough")}
    made = [native(server, "POST", "/api/v1/tokens", json={
        "name": n, "langfuse": True, "grants": [{"role": role, "workspace": "default", "name_pattern": "chat-*"}]},
        **as_anna) for n, role in (("reader", "reader"), ("writer", "contributor"))]
    (reader, writer) = made
    assert reader["public_key"] == "pk-lf-reader" and reader["token"].startswith("sk-lf-")
    writing = client(server.url, writer["public_key"], writer["token"])
    writing.create_prompt(name="chat-1", prompt="x", labels=["production"])
    reading = client(server.url, reader["public_key"], reader["token"])
    assert reading.auth_check() and get(reading, "chat-1").prompt == "x"
    with pytest.raises(AccessDeniedError):
        reading.create_prompt(name="chat-2", prompt="x")
    with pytest.raises(AccessDeniedError):
        writing.create_prompt(name="mail-1", prompt="x")
    with pytest.raises(UnauthorizedError):
        get(client(server.url, writer["public_key"] + "x", reader["token"]), "chat-1")
    with pytest.raises(UnauthorizedError):
        get(client(server.url, reader["public_key"] + "y", "sk-lf-wrong"), "chat-1")
    for made in (writing, reading):
        made.shutdown()


GATE = """package regesta.gate

deny contains {"code": "never", "msg": "nothing moves here", "remediation": "ask anna"} if true
"""


def test_a_protected_label_says_why_it_does_not_move(server):
    lf = client(server.url, "pk-lf-gate")
    lf.create_prompt(name="guarded", prompt="one", labels=["production"])
    native(server, "POST", "/api/v1/policies/never", json={"modules": [{"name": "gate.rego", "text": GATE}]})
    native(server, "POST", "/api/v1/policies/bindings",
           json={"policy": "never", "pointer": "production", "kind": "prompt", "name_pattern": "guarded"})
    with pytest.raises(AccessDeniedError, match="Version 2 of 'guarded' is created.*nothing moves here"):
        lf.create_prompt(name="guarded", prompt="two", labels=["production", "staging"])
    assert get(lf, "guarded").version == 1 and get(lf, "guarded", label="staging").version == 2
    with pytest.raises(AccessDeniedError, match="nothing moves here"):
        lf.update_prompt(name="guarded", version=2, new_labels=["production"])
    with pytest.raises(AccessDeniedError, match="protected"):
        lf.api.prompts.delete("guarded")
    lf.shutdown()


def test_pages_of_other_origins(shared_server):
    path = shared_server.url + "/api/public/v2/prompts"
    ask = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST",
           "Access-Control-Request-Headers": "authorization,content-type"}
    allowed = httpx.options(path, headers=ask)
    assert allowed.status_code == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert "authorization" in allowed.headers["Access-Control-Allow-Headers"]
    # A server without users belongs to this machine: a stranger's page learns nothing.
    foreign = httpx.get(path, headers={"Origin": "https://example.test"})
    assert "Access-Control-Allow-Origin" not in foreign.headers


def test_a_score_is_held_to_its_config(lf, name):
    config = lf.api.score_configs.create(name=name, data_type="NUMERIC", min_value=0, max_value=1)
    assert [c.id for c in lf.api.score_configs.get(limit=1).data] == [config.id]
    lf.create_score(name=name, value=0.5, trace_id=uuid.uuid4().hex, config_id=config.id, data_type="NUMERIC", score_id=name)
    lf.flush()
    [score] = lf.api.scores.get_many(config_id=config.id).data
    assert (score.id, score.value) == (name, 0.5)
    archived = lf.api.score_configs.update(config.id, is_archived=True)
    assert archived.is_archived and lf.api.score_configs.get_by_id(config.id).max_value == 1


def test_traces_are_read_back(lf, name):
    prompt = lf.create_prompt(name=name, prompt="hi", labels=["production"])
    with lf.start_as_current_observation(name="outer", input={"q": 1}, metadata={"step": "one"}) as outer:
        inner = outer.start_observation(name="inner", as_type="generation", model="m", prompt=prompt, level="WARNING",
                                        usage_details={"input": 3, "output": 4}, output="out")
        inner.end()
    lf.flush()
    groups = "core,basic,io,metadata,model,usage,prompt,metrics,trace_context"
    found = {o.name: o for o in lf.api.observations.get_many(trace_id=outer.trace_id, fields=groups).data}
    assert set(found) == {"outer", "inner"}
    assert found["inner"].parent_observation_id == found["outer"].id and found["inner"].type == "GENERATION"
    assert (found["inner"].prompt_name, found["inner"].prompt_version, found["inner"].model) == (name, 1, "m")
    assert (found["inner"].level, found["inner"].usage_details["output"], found["inner"].output) == ("WARNING", 4, "out")
    assert found["outer"].metadata["step"] == "one" and found["outer"].is_root_observation
    page = lf.api.observations.get_many(trace_id=outer.trace_id, limit=1)
    [second] = lf.api.observations.get_many(trace_id=outer.trace_id, limit=1, cursor=page.meta.cursor).data
    assert {page.data[0].id, second.id} == {outer.id, inner.id}
    [root] = lf.api.observations.get_many(trace_id=outer.trace_id, is_root_observation=True).data
    assert root.id == outer.id
    lf.create_score(name="good", value=1, trace_id=outer.trace_id, score_id=name)
    lf.flush()
    whole = httpx.get(f"{lf._resources.base_url}/api/public/traces/{outer.trace_id}", auth=("pk-lf-any", "sk-lf-any")).json()
    assert whole["name"] == "outer" and {o["name"] for o in whole["observations"]} == {"outer", "inner"}
    assert [s["id"] for s in whole["scores"]] == [name]
    assert httpx.get(f"{lf._resources.base_url}/api/public/traces/none", auth=("pk-lf-any", "sk-lf-any")).status_code == 404
