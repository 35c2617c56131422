"""Ids that clients choose: somebody else's hidden one is as free as one that nobody has, and nothing of theirs changes."""

import json
import re
import secrets
import time

import pytest
from wandb_calls import graphql, log_artifact, mutation

from artifacts import MLFLOW, experiment, run

MLFLOW3 = "/api/3.0/mlflow"
OTLP = {"langfuse": "/api/public/otel/v1/traces", "mlflow": "/v1/traces"}


def spans(trace, text, span="0f0e0d0c0b0a0908"):
    """One root span of a trace, as OTLP's JSON."""
    now = time.time_ns()
    return {"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": trace, "spanId": span, "name": text, "startTimeUnixNano": str(now - 10**9),
        "endTimeUnixNano": str(now),
        "attributes": [{"key": "mlflow.spanInputs", "value": {"stringValue": text}}]}]}]}]}


def start(who, experiment_id, trace, text):
    return who.post(f"{MLFLOW3}/traces", {"trace": {"trace_info": {
        "trace_id": trace, "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}},
        "request_time": "2026-11-30T10:00:00Z", "state": "OK", "request_preview": text, "tags": {"who": text}}}})


@pytest.fixture
def two(house):
    """carl's trace in an experiment that nina may not know of; nina may use nina-* and the experiment of Langfuse's SDKs."""
    theirs = experiment(house.carl, "secret")
    digits = secrets.token_hex(16)
    house.carl.ok("POST", OTLP["langfuse"], spans(secrets.token_hex(16), "first"))  # makes the experiment "Langfuse"
    house.carl.ok("POST", OTLP["mlflow"], spans(digits, "carl's"), headers={"X-MLflow-Experiment-Id": theirs})
    house.nina = house.token("nina-ci", {"role": "contributor", "name_pattern": "nina-*"}, {"role": "contributor", "name_pattern": "Langfuse"})
    house.theirs, house.mine, house.digits = theirs, experiment(house.nina, "nina-e"), digits
    house.mine_run = run(house.nina, house.mine)["run_id"]
    return house


def kept(house):
    """carl's trace as it is stored, everything that he may see of it."""
    return (house.carl.ok("GET", f"{MLFLOW3}/traces/get?trace_id=tr-{house.digits}"),
            house.carl.ok("GET", f"/api/public/traces/{house.digits}"))


def takes(house, digits):
    """Every call by which nina takes the id of a trace."""
    yield start(house.nina, house.mine, f"tr-{digits}", "nina's")
    yield house.nina.post(OTLP["mlflow"], spans(digits, "nina's"), headers={"X-MLflow-Experiment-Id": house.mine})
    yield house.nina.post(OTLP["langfuse"], spans(digits, "nina's"))
    yield house.nina.post(f"{MLFLOW}/traces/link-to-run", {"trace_ids": [f"tr-{digits}"], "run_id": house.mine_run})
    yield house.nina.post("/api/public/scores", {"id": "n-" + digits, "name": "q", "value": 0, "traceId": digits})
    yield house.nina.get(f"{MLFLOW3}/traces/tr-{digits}")
    yield house.nina.call("PATCH", f"{MLFLOW3}/traces/tr-{digits}/tags", {"key": "k", "value": "v"})
    yield house.nina.post(f"{MLFLOW3}/traces/tr-{digits}/assessments", {"assessment": {
        "assessment_name": "q", "assessment_id": "a-1", "feedback": {"value": 0}}})
    yield house.nina.get(f"/api/public/traces/{digits}")
    yield house.nina.post(f"{MLFLOW3}/traces/delete-traces", {"experiment_id": house.mine, "request_ids": [f"tr-{digits}"]})


def test_a_hidden_trace_is_as_free_as_none_and_stays_as_it_is(two):
    """nina sends spans, a trace, links and scores under the id of a trace that she may not know of."""
    before, free = kept(two), secrets.token_hex(16)
    for place, (hidden, absent) in enumerate(zip(takes(two, two.digits), takes(two, free))):
        said = [re.sub(r"20[-0-9T:.]+Z", "TIME", answer.text.replace(digits, "ID"))
                for answer, digits in ((hidden, two.digits), (absent, free))]
        assert (hidden.status, said[0]) == (absent.status, said[1]), (place, hidden, absent)
    assert kept(two) == before


@pytest.mark.parametrize("front", OTLP)
def test_spans_do_not_reach_a_trace_of_somebody_else(two, front):
    """nina replaces carl's span by its ids, through either exporter."""
    before = kept(two)
    two.nina.post(OTLP[front], spans(two.digits, "forged"), headers={"X-MLflow-Experiment-Id": two.mine})
    assert kept(two) == before


def test_of_two_traces_with_one_id_everybody_gets_their_own(two):
    assert start(two.nina, two.mine, f"tr-{two.digits}", "nina's").status == 200
    assert two.nina.ok("GET", f"{MLFLOW3}/traces/tr-{two.digits}")["trace"]["trace_info"]["request_preview"] == "nina's"
    assert two.carl.ok("GET", f"{MLFLOW3}/traces/tr-{two.digits}")["trace"]["trace_info"]["request_preview"] == "\"carl's\""
    # Who may change both changes the one of the experiment that they name.
    two.root.ok("POST", OTLP["mlflow"], spans(two.digits, "more", "0102030405060708"), headers={"X-MLflow-Experiment-Id": two.theirs})
    assert "more" not in two.nina.get(f"/api/public/traces/{two.digits}").text
    assert "more" in two.carl.get(f"/api/public/traces/{two.digits}").text
    assert two.nina.ok("POST", f"{MLFLOW3}/traces/delete-traces", {"experiment_id": two.mine, "request_ids": [f"tr-{two.digits}"]})


def test_nobody_gets_the_spans_of_a_trace_whose_id_they_took_first(two):
    """nina makes a trace with the id that carl's application is about to use: its spans would come into her experiment."""
    early = secrets.token_hex(16)
    assert start(two.nina, two.mine, f"tr-{early}", "nina's").status == 200
    two.carl.ok("POST", OTLP["mlflow"], spans(early, "secret"), headers={"X-MLflow-Experiment-Id": two.theirs})
    for path in (f"{MLFLOW3}/traces/get?trace_id=tr-{early}", f"/api/public/traces/{early}", "/api/public/v2/observations"):
        assert "secret" not in two.nina.get(path).text, path
    reader = two.token("reader", {"role": "reader", "name_pattern": "secret"})
    assert "secret" in reader.get(f"{MLFLOW3}/traces/get?trace_id=tr-{early}").text


def test_a_hidden_score_is_as_free_as_none_and_stays_as_it_is(two):
    """nina gives a score the id of a score that she may not know of, one by one and in a batch."""
    two.carl.ok("POST", "/api/public/scores", {"id": "taken", "name": "q", "value": 1, "traceId": two.digits, "comment": "secret"})
    event = {"type": "score-create", "timestamp": "2026-11-30T10:00:00Z"}
    for body in ({"name": "q", "value": 0, "sessionId": "s"}, {"name": "r", "value": 0, "comment": "mine", "sessionId": "s"}):
        answers = {}
        for known in ("taken", "free"):
            asked = (two.nina.post("/api/public/scores", {"id": known, **body}),
                     two.nina.post("/api/public/scores", [{"id": known, **body}]),
                     two.nina.post("/api/public/ingestion", {"batch": [{"id": "e", **event, "body": {"id": known, **body}}]}),
                     two.nina.get("/api/public/scores?sessionId=s&scoreIds=" + known))
            answers[known] = [(one.status, one.json.get("errors"), len(one.json.get("data", []))) for one in asked]
        assert answers["taken"] == answers["free"]
    assert two.nina.ok("GET", "/api/public/scores/taken")["name"] == "r"
    mine = two.carl.ok("GET", f"/api/public/v3/scores?traceId={two.digits}&fields=details")["data"]
    assert [(one["id"], one["comment"]) for one in mine] == [("taken", "secret")]
    for known in ("taken", "free"):
        assert two.nina.call("DELETE", f"/api/public/scores/{known}").status == 202
        assert two.nina.get(f"/api/public/scores/{known}").status == 404
    assert two.root.ok("GET", "/api/public/scores/taken")["comment"] == "secret"


def test_a_score_of_somebody_else_does_not_stand_at_a_trace(two):
    """nina scores carl's trace: before it arrives, and while she may not know of it."""
    early = secrets.token_hex(16)
    for trace in (early, two.digits):
        two.nina.ok("POST", "/api/public/scores", {"id": "s-" + trace, "name": "q", "value": 0, "traceId": trace, "comment": "forged"})
    two.carl.ok("POST", "/api/public/scores", {"id": "own", "name": "q", "value": 1, "traceId": early})
    two.carl.ok("POST", OTLP["mlflow"], spans(early, "late"), headers={"X-MLflow-Experiment-Id": two.theirs})
    reader = two.token("reader", {"role": "reader", "name_pattern": "secret"})
    assert reader.get(f"/api/public/scores?traceId={two.digits}").json["data"] == []
    assert [one["id"] for one in reader.get(f"/api/public/scores?traceId={early}").json["data"]] == ["own"]


def test_a_score_counts_whoever_took_its_id_first(two):
    """nina takes the ids that carl's application derives from its traces: his scores would count no more."""
    two.carl.prompt("pay", "Pay.")
    trace = secrets.token_hex(16)
    score = {"id": f"{trace}-helpful", "name": "helpful", "value": 0, "traceId": trace}
    two.nina.post("/api/public/scores", score)
    two.carl.ok("POST", "/api/public/scores", score)
    use = spans(trace, "late")
    use["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"] += [
        {"key": "langfuse.observation.prompt.name", "value": {"stringValue": "pay"}},
        {"key": "langfuse.observation.prompt.version", "value": {"intValue": "1"}}]
    two.carl.ok("POST", OTLP["langfuse"], use)
    seen = two.carl.ok("GET", "/api/v1/prompts/pay/quality")["items"]
    assert ("helpful", 1) in [(one["metric"], one["count"]) for one in seen], seen


def test_an_artifact_is_not_anothers_with_the_same_client_id(house):
    """nina makes an artifact with the id that carl's client chose for his: what he links by it would be hers."""
    nina = house.token("nina-ci", {"role": "contributor", "name_pattern": "nina-*"})
    for caller, project in ((house.carl, "carls"), (nina, "nina-p")):
        mutation(caller, "UpsertBucketInput!", "upsertBucket", "inserted", modelName=project, name="r")
    known = secrets.token_hex(16)
    theirs = log_artifact(house.carl, "carls", "net", {"weights": b"carl's"}, clientID=known)
    hers = log_artifact(nina, "nina-p", "nina-net", {"weights": b"nina's"}, clientID=known)
    assert theirs["digest"] != hers["digest"]
    mapped = "query ($c: ID!) { clientIDMapping(clientID: $c) { serverID } }"
    for caller, own in ((house.carl, theirs), (nina, hers)):
        assert graphql(caller, mapped, c=known).json["data"]["clientIDMapping"]["serverID"] == own["id"]
    assert graphql(house.dora, mapped, c=known).json["data"]["clientIDMapping"]["serverID"] == theirs["id"], "the first"


def test_an_idempotency_key_of_somebody_else_keeps_no_records_out(house):
    """nina seals a record under the key that carl's service will use for its next batch."""
    line = lambda prompt: json.dumps({"prompt": f"{prompt}@1", "inputs": {}, "output": "x"}).encode()
    house.nina.prompt("nina-p", "Hello")
    house.carl.prompt("pay", "Pay.")
    key = {"Idempotency-Key": "batch-2026-12-03-0001"}
    hers = house.nina.ok("POST", "/api/v1/records", raw=line("nina-p"), headers=key)
    his = house.carl.ok("POST", "/api/v1/records", raw=line("pay"), headers=key)
    assert his["digest"] != hers["digest"]
    for who, own, prompt in ((house.carl, his, "pay"), (house.nina, hers, "nina-p")):
        assert who.ok("POST", "/api/v1/records", raw=line(prompt), headers=key) == own
