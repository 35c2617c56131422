"""Refusals in MLflow's words, which its clients and their tests compare, and values in its spelling."""

import json

import pytest
import requests
from mlflow.entities import AssessmentSource, Expectation, Feedback
from mlflow.entities.assessment import ExpectationValue, FeedbackValue
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.rest_store import RestStore
from mlflow.utils.rest_utils import MlflowHostCreds


@pytest.fixture
def store(tracking):
    return RestStore(lambda: MlflowHostCreds(tracking))


@pytest.fixture
def experiment(client, name):
    return client.create_experiment(name)


def refused(message, call, code="INVALID_PARAMETER_VALUE"):
    with pytest.raises(MlflowException) as failure:
        call()
    assert message in str(failure.value)
    assert failure.value.error_code == code


def absent(message, call):
    refused(message, call, "RESOURCE_DOES_NOT_EXIST")


def test_scorers(store, experiment):
    where = f"not found for experiment {experiment}."
    absent(f"Scorer with name 'nope' {where}", lambda: store.get_scorer(experiment, "nope"))
    absent(f"Scorer with name 'nope' {where}", lambda: store.list_scorer_versions(experiment, "nope"))
    store.register_scorer(experiment, "s", "{}")
    absent(f"Scorer with name 's' and version 9 {where}", lambda: store.delete_scorer(experiment, "s", 9))
    refused("serialized_scorer must be valid JSON", lambda: store.register_scorer(experiment, "s", "{"))
    model = json.dumps({"instructions_judge_pydantic_data": {"model": " "}})
    refused("Scorer model cannot be empty", lambda: store.register_scorer(experiment, "s", model))
    refused("Scorer name cannot be empty", lambda: store.register_scorer(experiment, "  ", "{}"))


def test_evaluation_datasets(store, experiment):
    absent("Could not find evaluation dataset with ID d-nope", lambda: store.set_dataset_tags("d-nope", {"a": "b"}))
    for change in (store.add_dataset_to_experiments, store.remove_dataset_from_experiments):
        absent("Dataset 'd-nope' not found", lambda change=change: change("d-nope", [experiment]))
    made = store.create_dataset(name=f"d{experiment}", experiment_ids=[experiment])
    record = {"inputs": {"q": 1}, "source": {"source_type": "BOGUS", "source_data": {}}}
    refused("Invalid dataset record source type: BOGUS. Valid source types: ['UNSPECIFIED', 'TRACE'",
            lambda: store.upsert_dataset_records(made.dataset_id, [record]))


def test_issues(store, experiment):
    search = lambda text: store.search_issues(experiment_id=experiment, filter_string=text)
    refused("Invalid filter field 'foo'. Supported fields: {'status', 'source_run_id'}", lambda: search("foo = 'x'"))
    refused("Invalid comparator 'LIKE'. Supported comparators: {'=', '!='}", lambda: search("status LIKE 'p%'"))


def start_trace(tracking, experiment, trace, **more):
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
    info = {"trace_id": trace, "trace_location": location, "request_time": "2026-01-01T00:00:00Z", "state": "OK", **more}
    requests.post(f"{tracking}/api/3.0/mlflow/traces", json={"trace": {"trace_info": info}}).raise_for_status()


def test_traces_and_assessments(store, tracking, experiment, name):
    absent("Trace with ID tr-nope is not found.", lambda: store.get_trace("tr-nope"))
    absent("No trace tag with key 'a' for trace with ID 'tr-nope'", lambda: store.delete_trace_tag("tr-nope", "a"))
    store.delete_assessment("tr-nope", "a-nope")
    run = store.create_run(experiment, "u", 1, [], "r").info.run_id
    refused("Cannot link more than 100 traces to a run in a single request. Provided 101 traces.",
            lambda: store.link_traces_to_run([f"tr-{n}" for n in range(101)], run))
    trace = f"tr-{name}"
    start_trace(tracking, experiment, trace)
    source = AssessmentSource("HUMAN", "anna")
    feedback = store.create_assessment(Feedback(name="f", value=1, source=source, trace_id=trace))
    expectation = store.create_assessment(Expectation(name="e", value=1, source=source, trace_id=trace))
    refused("Cannot update expectation value on a Feedback assessment.", lambda: store.update_assessment(
        trace, feedback.assessment_id, expectation=ExpectationValue("x")))
    refused("Cannot update feedback value on an Expectation assessment.", lambda: store.update_assessment(
        trace, expectation.assessment_id, feedback=FeedbackValue("x")))


@pytest.mark.parametrize(("more", "message"), [
    ({"aggregations": [{"aggregation_type": "SUM"}]},
     "Found invalid aggregation_type(s): ['SUM']. Supported aggregation types: ['COUNT']"),
    ({"metric_name": "latency"},
     "Found invalid aggregation_type(s): ['COUNT']. Supported aggregation types: ['AVG', 'MAX', 'MIN', 'PERCENTILE']"),
    ({"dimensions": ["bogus"]},
     "Found invalid dimension(s): ['bogus']. Supported dimensions: ['trace_name', 'trace_status']"),
    ({"filters": ["span.name = 'a'"]}, "Filtering by span is only supported for SPANS view type, got TRACES"),
    ({"filters": ["assessment.name = 'a'"]},
     "Filtering by assessment is only supported for ASSESSMENTS view type, got TRACES"),
    ({"filters": ["bogus"]}, "Invalid clause(s) in filter string: bogus"),
    ({"filters": ["status = 'OK'"]}, "Invalid identifier 'status'. Columns should be specified as"),
    ({"filters": ["trace.status != 'OK'"]}, "Invalid comparator: '!=', only '=' operator is supported"),
    ({"filters": ["trace.name LIKE 'n'"]},
     "Invalid entity 'name' specified for view type 'trace'. Valid entities are ['status', 'tag', 'metadata']"),
    ({"filters": ["trace.status LIKE 'n'"]}, "Invalid comparator: 'LIKE', only '=' operator is supported"),
    ({"filters": ["trace.tag = 'n'"]}, "Filtering by tag requires a key, e.g. 'trace.tag.<key> = <value>'"),
    ({"filters": ["trace.status.x = 'n'"]}, "Filtering by status does not require a key, use 'trace.status' instead"),
    ({"filters": ["model.name = 'n'"]}, "Invalid view type 'model'"),
    ({"filters": ["trace.status = 5"]}, "Expected a quoted string value for status value"),
])
def test_trace_metrics(tracking, experiment, more, message):
    body = {"experiment_ids": [experiment], "view_type": "TRACES", "metric_name": "trace_count",
            "aggregations": [{"aggregation_type": "COUNT"}], **more}
    answer = requests.post(f"{tracking}/api/3.0/mlflow/traces/metrics", json=body)
    assert (answer.status_code, message in answer.json()["message"]) == (400, True), answer.text


def test_trace_metrics_filter(tracking, experiment, name):
    start_trace(tracking, experiment, f"tr-{name}", tags={"a.b": "= x"})
    for text, count in (("trace.tag.a.b = '= x'", 1), ("trace.tag.`a.b`='= x'", 1), ("trace.status = \"ERROR\"", 0)):
        body = {"experiment_ids": [experiment], "view_type": "TRACES", "metric_name": "trace_count",
                "aggregations": [{"aggregation_type": "COUNT"}], "filters": [text]}
        answer = requests.post(f"{tracking}/api/3.0/mlflow/traces/metrics", json=body).json()
        assert answer["data_points"][0]["values"] == {"COUNT": count}


def test_what_spans_tell_of_their_trace(tracking, experiment, client):
    attribute = lambda key, value: {"key": key, "value": {"stringValue": value}}
    cost = json.dumps({"input_cost": 0.1, "output_cost": 0.2, "total_cost": 0.3})
    inputs = {"kvlistValue": {"values": [{"key": "q", "value": {"intValue": "1"}}]}}
    span = {"traceId": experiment.zfill(32), "spanId": "1".zfill(16), "name": "root", "startTimeUnixNano": "1000000",
            "endTimeUnixNano": "2000000", "attributes": [
                attribute("mlflow.llm.cost", cost), attribute("mlflow.spanOutputs", "out"),
                {"key": "mlflow.spanInputs", "value": inputs}]}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    headers = {"x-mlflow-experiment-id": experiment}
    requests.post(f"{tracking}/v1/traces", json=body, headers=headers).raise_for_status()
    info = client.get_trace("tr-" + span["traceId"]).info
    assert json.loads(info.trace_metadata["mlflow.trace.cost"]) == json.loads(cost)
    assert (info.request_preview, info.response_preview) == ('{"q": 1}', '"out"')


def test_versions_without_a_run_differ_from_every_run(client, name):
    client.create_registered_model(name)
    client.create_model_version(name, "s3://bucket/a")
    for text in ("run_id != 'r'", "run_id NOT IN ('r')"):
        found = client.search_model_versions(f"name = '{name}' AND {text}")
        assert [version.version for version in found] == ["1"]


def test_artifacts(tracking, client, experiment):
    run = client.create_run(experiment).info.run_id
    client.log_text(run, "text", "folder/file.txt")
    message = f"Artifact path refers to a directory, not a file: '{experiment}/{run}/artifacts/folder'"
    for path in (f"api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/folder",
                 f"get-artifact?run_id={run}&path=folder"):
        answer = requests.get(f"{tracking}/{path}")
        assert (answer.status_code, answer.json()["message"]) == (400, message)
    answer = requests.post(f"{tracking}/api/2.0/mlflow/artifacts/presigned-upload-url", json={"run_id": run, "path": "a"})
    assert answer.status_code == 400
    assert "Presigned upload is not supported for proxied artifact storage" in answer.json()["message"]
