"""GraphQL as MLflow's web UI asks for it, against data that the unmodified mlflow client wrote."""

import math

import pytest
import requests
from mlflow.server.graphql.graphql_schema_extensions import schema as MLFLOW_SCHEMA


@pytest.fixture
def ask(tracking):
    def post(query, variables=None, **options):
        response = requests.post(f"{tracking}/graphql", json={"query": query, "variables": variables}, timeout=60, **options)
        assert response.status_code == 200, response.text
        return response.json()
    return post


def data(answer):
    assert answer["errors"] is None, answer
    return answer["data"]


@pytest.fixture
def run(client, name):
    experiment = client.create_experiment(name, tags={"team": "risk"})
    run = client.create_run(experiment, run_name="first")
    client.log_param(run.info.run_id, "depth", "7")
    for step in range(10):
        client.log_metric(run.info.run_id, "loss", 10 - step, timestamp=1000 + step, step=step)
    return run


RUN = """
query GetRun($data: MlflowGetRunInput!) @component(name: "MLflow.ExperimentRunTracking") {
  mlflowGetRun(input: $data) {
    apiError { code message }
    run {
      info { runId runName experimentId status startTime endTime lifecycleStage artifactUri }
      data { params { key value } metrics { key value step timestamp } tags { key value } }
      experiment { experimentId name tags { key value } lastUpdateTime }
      modelVersions { name version source status aliases }
      inputs { datasetInputs { dataset { name digest profile } tags { key value } } modelInputs { modelId } }
      outputs { modelOutputs { modelId step } }
    }
  }
}"""


def test_the_page_of_a_run(ask, client, run, name):
    client.create_registered_model(name)
    version = client.create_model_version(name, run.info.artifact_uri + "/model", run.info.run_id)
    found = data(ask(RUN, {"data": {"runId": run.info.run_id}}))["mlflowGetRun"]
    assert found["apiError"] is None
    shown = found["run"]
    assert shown["info"] == {"runId": run.info.run_id, "runName": "first", "experimentId": run.info.experiment_id, "status": "RUNNING",
                             "startTime": str(run.info.start_time), "endTime": "0", "lifecycleStage": "active", "artifactUri": run.info.artifact_uri}
    assert shown["data"]["params"] == [{"key": "depth", "value": "7"}]
    assert shown["data"]["metrics"] == [{"key": "loss", "value": 1.0, "step": "9", "timestamp": "1009"}]
    assert shown["experiment"]["name"] == name and shown["experiment"]["tags"] == [{"key": "team", "value": "risk"}]
    assert shown["modelVersions"] == [{"name": name, "version": version.version, "source": version.source, "status": "READY", "aliases": []}]
    assert shown["inputs"] == {"datasetInputs": [], "modelInputs": []} and shown["outputs"] == {"modelOutputs": []}


def test_the_other_fields(ask, client, run, name):
    client.log_text(run.info.run_id, "hello", "notes/a.txt")
    client.create_registered_model(name)
    client.create_model_version(name, run.info.artifact_uri + "/model", run.info.run_id)
    answer = data(ask("""query($run: String, $experiment: String, $filter: String) {
        mlflowGetExperiment(input: {experimentId: $experiment}) { experiment { name lifecycleStage } }
        mlflowListArtifacts(input: {runId: $run, path: "notes"}) { rootUri files { path isDir fileSize } }
        mlflowGetMetricHistoryBulkInterval(input: {runIds: [$run], metricKey: "loss", maxResults: 5}) { metrics { key runId step value } }
        mlflowSearchModelVersions(input: {filter: $filter, maxResults: 5}) { modelVersions { name } nextPageToken }
        again: mlflowSearchRuns(input: {experimentIds: [$experiment], runViewType: ALL, filter: "metrics.loss < 2"}) { runs { info { runId } } }
    }""", {"run": run.info.run_id, "experiment": run.info.experiment_id, "filter": f"name = '{name}'"}))
    assert answer["mlflowGetExperiment"]["experiment"] == {"name": name, "lifecycleStage": "active"}
    assert answer["mlflowListArtifacts"] == {"rootUri": run.info.artifact_uri, "files": [{"path": "notes/a.txt", "isDir": False, "fileSize": "5"}]}
    assert [(m["step"], m["runId"]) for m in answer["mlflowGetMetricHistoryBulkInterval"]["metrics"]] == [(s, run.info.run_id) for s in "024689"]
    assert answer["mlflowSearchModelVersions"] == {"modelVersions": [{"name": name}], "nextPageToken": ""}
    assert answer["again"]["runs"] == [{"info": {"runId": run.info.run_id}}]


def test_mutations_search(ask, client, run):
    answer = data(ask("""mutation($id: [String]) {
        mlflowSearchRuns(input: {experimentIds: $id}) { runs { info { runName } } }
        mlflowSearchDatasets(input: {experimentIds: $id}) { datasetSummaries { name digest context } }
        testMutation(inputString: "echo") { output }
    }""", {"id": [run.info.experiment_id]}))
    assert answer == {"mlflowSearchRuns": {"runs": [{"info": {"runName": "first"}}]}, "mlflowSearchDatasets": {"datasetSummaries": []},
                      "testMutation": {"output": "echo"}}


def test_nan_is_null(ask, client, run):
    client.log_metric(run.info.run_id, "bad", math.nan)
    metrics = data(ask(RUN, {"data": {"runId": run.info.run_id}}))["mlflowGetRun"]["run"]["data"]["metrics"]
    assert [m["value"] for m in metrics if m["key"] == "bad"] == [None]


@pytest.mark.parametrize("query, words", [
    ("{ mlflowGetRun(input: {runId: \"%s\"}) { run { info { runId } } } }" % ("0" * 32), "not found"),
    ("{ mlflowGetRun(input: {}) { run { info { runId } } } }", "Missing value for required parameter 'run_id'"),
    ("{ mlflowGetRun(input: {runId: \"a\"}) { run { nothing } } }", "Cannot query field"),
    ('{ test(inputString: "}") { output # {{\n %s } }' % ("output { " * 10 + "output" + " }" * 10), "Query exceeds maximum depth of 10"),
    ('{ test(inputString: "{{{{{{{{{{{{") { nothing } }', "Cannot query field"),
    ('{ test(inputString: "a") { %s } }' % " ".join(f"field_{i} {{ name }}" for i in range(501)), "Query exceeds maximum total selections of 1000"),
    # Aliases, types, names of fragments and directives are no fields: these are 500.
    ('{ test(inputString: "a") { %s } }' % " ".join(f"k{i}: field @skip(if: true) ... on Test {{ ...one }}" for i in range(500)), "there is no fragment 'one'"),
    ("{ %s }" % " ".join(f'k{i}: test(inputString: "a") {{ output }}' for i in range(11)), "at most 10 root fields, got 11 root fields"),
    ('{ test(inputString: "a") { %s } }' % " ".join(f"k{i}: output" for i in range(11)), "at most 10 aliases, got 11 aliases"),
])
def test_faults(ask, query, words):
    answer = ask(query)
    assert words in answer["errors"][0] and not any((answer["data"] or {}).values()), answer


def test_the_schema_is_mlflows(ask):
    """Every field and argument that MLflow's own server has is accepted."""
    types = MLFLOW_SCHEMA.graphql_schema

    def selection(kind):
        while hasattr(kind, "of_type"):
            kind = kind.of_type
        if not hasattr(kind, "fields"):
            return ""
        inner = (f"{field} {selection(one.type)}" for field, one in kind.fields.items())
        return "{ " + " ".join(inner) + " }"

    for root, word in ((types.query_type, "query"), (types.mutation_type, "mutation")):
        for field, one in root.fields.items():
            answer = ask(f"{word} {{ {field} {selection(one.type)} }}")
            assert "Cannot query field" not in str(answer["errors"]), answer


def test_workspaces_are_apart(ask, client, run, tracking, name):
    made = requests.post(f"{tracking}/api/3.0/mlflow/workspaces", json={"name": name}, timeout=60)
    assert made.status_code == 201, made.text
    answer = ask(RUN, {"data": {"runId": run.info.run_id}}, headers={"X-MLFLOW-WORKSPACE": name})
    assert answer["data"]["mlflowGetRun"] is None and "not found" in answer["errors"][0]
