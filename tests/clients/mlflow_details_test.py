"""Details of MLflow's server that its own tests compare: what it refuses, what it ignores, and what it leaves out."""

import time

import mlflow
import pytest
import requests
from mlflow.entities import AssessmentSource, Feedback, SpanType
from mlflow.exceptions import MlflowException


@pytest.fixture
def experiment(client, name):
    return client.create_experiment(name)


@pytest.fixture
def call(tracking):
    def send(method, path, body=None, **query):
        response = requests.request(method, f"{tracking}/api/{path}", json=body, params=query or None, timeout=60)
        return response.status_code, response.json()
    return send


def place(experiment):
    return {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}


def start(call, experiment, trace, **more):
    status, made = call("POST", "3.0/mlflow/traces", {"trace": {"trace_info": {
        "trace_id": trace, "trace_location": place(experiment), "request_time": "2026-01-01T00:00:00Z", "state": "OK", **more}}})
    assert status == 200, made
    return made["trace"]["trace_info"]


def test_a_link_to_an_unknown_trace_is_no_trace(client, call, experiment, name):
    run = client.create_run(experiment).info.run_id
    other = client.create_run(client.create_experiment(name + "-other")).info.run_id
    for owner in (run, other):
        client.link_traces_to_run([f"tr-{name}"], owner)
        client.link_traces_to_run([f"tr-{name}"], owner)
    assert call("GET", f"3.0/mlflow/traces/tr-{name}")[0] == 404
    assert client.search_traces(locations=[experiment]) == []
    start(call, experiment, f"tr-{name}")
    place_of = {run: experiment, other: client.get_run(other).info.experiment_id}
    found = lambda owner: [t.info.trace_id for t in client.search_traces(locations=[experiment, place_of[owner]], run_id=owner, include_spans=False)]
    assert found(run) == [f"tr-{name}"], "linked when it arrives"
    assert found(other) == [], "a run of another experiment may not know of it"


def test_a_run_waits_for_so_many_traces(client, experiment, name):
    run = client.create_run(experiment).info.run_id
    for part in range(100):
        client.link_traces_to_run([f"tr-{name}-{part}-{i}" for i in range(100)], run)
    with pytest.raises(MlflowException, match="traces that have not arrived"):
        client.link_traces_to_run([f"tr-{name}-more"], run)


@pytest.mark.parametrize("condition, matches", [
    ("feedback.verdict = 'yes'", True), ("feedback.verdict LIKE '\"y%'", True), ("feedback.verdict LIKE '%yes%'", True), ("feedback.verdict ILIKE '%YES%'", True),
    ("feedback.verdict LIKE 'y%'", False), ("feedback.verdict RLIKE '^yes'", False), ("feedback.verdict RLIKE 'y.s'", True)])
def test_patterns_see_the_quotes_of_feedback(client, tracking, experiment, condition, matches):
    mlflow.set_experiment(experiment_id=experiment)
    with mlflow.start_span(name="call") as span:
        pass
    mlflow.flush_trace_async_logging()
    mlflow.log_assessment(span.trace_id, Feedback(name="verdict", value="yes", source=AssessmentSource("HUMAN", "ann")))
    found = client.search_traces(locations=[experiment], filter_string=condition, include_spans=False)
    assert len(found) == matches


def test_a_span_without_a_type_has_none_to_compare(client, call, tracking, experiment):
    now = time.time_ns()
    for number, kind in (("1", None), ("2", SpanType.LLM)):
        attributes = [{"key": "mlflow.spanType", "value": {"stringValue": f'"{kind}"'}}] if kind else []
        span = {"traceId": number * 32, "spanId": number * 16, "name": "call", "kind": 1, "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 5),
                "attributes": attributes}
        answer = requests.post(f"{tracking}/v1/traces", json={"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]},
                               headers={"x-mlflow-experiment-id": experiment}, timeout=60)
        assert answer.status_code == 200, answer.text
    found = lambda text: [t.info.trace_id for t in client.search_traces(locations=[experiment], filter_string=text, include_spans=False)]
    assert found("span.type != 'CHAIN'") == ["tr-" + "2" * 32]
    assert len(found("span.name = 'call'")) == 2


BLANK = "Invalid filter ' '. Could not be parsed."


@pytest.mark.parametrize("method, path, member, message", [
    ("POST", "2.0/mlflow/runs/search", "filter", BLANK), ("POST", "2.0/mlflow/experiments/search", "filter", BLANK),
    ("GET", "2.0/mlflow/registered-models/search", "filter", BLANK), ("GET", "2.0/mlflow/model-versions/search", "filter", BLANK),
    ("POST", "3.0/mlflow/traces/search", "filter", BLANK), ("POST", "3.0/mlflow/datasets/search", "filter_string", BLANK),
    ("POST", "2.0/mlflow/logged-models/search", "filter", "Invalid filter string: ' '. Expected a single SQL expression.")])
def test_a_blank_filter(call, experiment, method, path, member, message):
    body = {"experiment_ids": [experiment], "locations": [place(experiment)], "max_results": 5, member: " "}
    status, answer = call(method, path, body if method == "POST" else None, **({} if method == "POST" else {member: " ", "max_results": 5}))
    assert (status, answer["message"]) == (400, message)


@pytest.mark.parametrize("entity", ["attributes", "attr", "run"])
@pytest.mark.parametrize("search", ["search_experiments", "search_registered_models", "search_model_versions"])
def test_searches_whose_entities_have_one_spelling(client, search, entity):
    with pytest.raises(MlflowException, match="Invalid entity type .* Valid entity types are"):
        getattr(client, search)(filter_string=f"{entity}.name = 'x'")
    assert getattr(client, search)(filter_string="attribute.name = 'nobody'") == []


def test_keys_in_single_quotes(client, experiment):
    run = client.create_run(experiment).info.run_id
    client.log_param(run, "my p", "1")
    client.log_metric(run, "m.x", 2)
    client.set_tag(run, "t", "v")
    for text in ("params.'my p' = '1'", "metrics.'m.x' > 1", "tags.'t' LIKE 'v%'", "params.'my p' = '1' and tags.'t' = 'v'"):
        assert [r.info.run_id for r in client.search_runs([experiment], text)] == [run], text
    with pytest.raises(MlflowException, match="Invalid clause"):
        client.search_runs([experiment], "'params'.p = '1'")


def test_unknown_words_of_optional_enums_count_as_absent(call, client, experiment):
    run = client.create_run(experiment).info.run_id
    status, answer = call("POST", "2.0/mlflow/runs/update", {"run_id": run, "status": "BOGUS", "run_name": "new"})
    assert status == 200 and (answer["run_info"]["status"], answer["run_info"]["run_name"]) == ("RUNNING", "new")
    assert call("POST", "2.0/mlflow/runs/update", {"run_id": run, "status": 77})[0] == 400
    status, answer = call("POST", "2.0/mlflow/runs/search", {"experiment_ids": [experiment], "run_view_type": "BOGUS"})
    assert status == 200 and len(answer["runs"]) == 1
    status, answer = call("POST", "3.0/mlflow/label-schemas/create", {"experiment_id": experiment, "name": "q", "type": "BOGUS", "input": {"text": {}}})
    assert status == 400 and "Label schema `type` must be one of FEEDBACK or EXPECTATION" in answer["message"]
    assert call("POST", "3.0/mlflow/issues", {"experiment_id": experiment, "name": "i", "description": "d", "status": "BOGUS"})[0] == 400


def test_an_experiment_names_its_workspace(call, experiment):
    assert call("GET", "2.0/mlflow/experiments/get", experiment_id=experiment)[1]["experiment"]["workspace"] == "default"


@pytest.mark.parametrize("source", ["http://h/x", "https://h/api/2.0/mlflow-artifacts/artifacts/1/x", "HTTP://h/x"])
def test_sources_on_other_hosts(call, client, name, source):
    client.create_registered_model(name)
    status, answer = call("POST", "2.0/mlflow/model-versions/create", {"name": name, "source": source})
    assert status == 400 and "'source' cannot use the 'http" in answer["message"]


def test_relative_parts_of_a_source_are_named_whatever_its_host(call, client, name):
    client.create_registered_model(name)
    for source in ("http://host:9000/models/../../../", "https://host/api/2.0/mlflow-artifacts/artifacts/../../../"):
        status, answer = call("POST", "2.0/mlflow/model-versions/create", {"name": name, "source": source})
        assert status == 400 and "If supplying a source as an http, https," in answer["message"]


def test_a_source_that_names_an_unknown_model(client, name):
    client.create_registered_model(name)
    with pytest.raises(MlflowException, match="Registered Model with name=nobody not found"):
        client.create_model_version(name, "models:/nobody/1")


def test_traces_as_protobuf_writes_them(call, experiment, name):
    info = start(call, experiment, f"tr-{name}")
    assert info["request_time"] == "2026-01-01T00:00:00Z" and "assessments" not in info
    old = call("GET", f"2.0/mlflow/traces/tr-{name}/info")[1]["trace_info"]
    assert old["execution_time_ms"] == 0 and old["timestamp_ms"] == 1767225600000
    status, made = call("POST", f"3.0/mlflow/traces/tr-{name}/assessments", {"assessment": {
        "assessment_name": "q", "source": {"source_type": "BOGUS", "source_id": "me"}, "feedback": {"value": 1}}})
    assert status == 200 and made["assessment"]["source"]["source_type"] == "SOURCE_TYPE_UNSPECIFIED" and "metadata" not in made["assessment"]


def test_a_logged_model_has_empty_texts(call, experiment):
    info = call("POST", "2.0/mlflow/logged-models", {"experiment_id": experiment, "name": "m"})[1]["model"]["info"]
    assert info["model_type"] == "" and info["source_run_id"] == ""


def test_sampled_histories_have_the_same_steps_in_all_runs(client, call, experiment):
    short, long = (client.create_run(experiment).info.run_id for _ in range(2))
    for run, count in ((short, 10), (long, 20)):
        client.log_batch(run, [mlflow.entities.Metric("loss", 1.0, 1, step) for step in range(count)])
    status, found = call("GET", "2.0/mlflow/metrics/get-history-bulk-interval", run_ids=[short, long], metric_key="loss", max_results=5)
    assert status == 200
    steps = {run: [point["step"] for point in found["metrics"] if point["run_id"] == run] for run in (short, long)}
    assert steps == {short: [0, 4, 8, 9], long: [0, 4, 8, 9, 12, 16, 19]}
