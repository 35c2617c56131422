"""Experiments, runs, metrics and logged models through the unmodified client, and where it hides the wire, with requests."""

import json
import math
import re

import mlflow
import pandas
import pytest
import requests
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Param,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException, RestException


def api(tracking, path):
    return f"{tracking}/api/2.0/mlflow/{path}"


def refused(tracking, path, body, status=400, code="INVALID_PARAMETER_VALUE"):
    """Posts what must be refused; returns the message."""
    answer = requests.post(api(tracking, path), json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error_code"] == code, answer.text
    return answer.json()["message"]


@pytest.fixture
def experiment(client, name):
    return client.create_experiment(name)


@pytest.fixture
def run(client, experiment):
    return client.create_run(experiment).info.run_id


def test_the_default_experiment_is_there(client):
    default = client.get_experiment("0")
    assert (default.name, default.artifact_location, default.lifecycle_stage) == ("Default", "mlflow-artifacts:/0", "active")
    assert client.get_experiment_by_name("Default").experiment_id == "0"


def test_fluent_training(tracking, client, name):
    mlflow.set_experiment(name)
    with mlflow.start_run(run_name="first", tags={"team": "risk"}) as active:
        mlflow.log_param("depth", 3)
        mlflow.log_params({"lr": 0.1, "solver": "lbfgs"})
        for step in range(3):
            mlflow.log_metric("loss", 1.0 / (step + 1), step=step)
        mlflow.log_metrics({"acc": 0.9, "nan": float("nan"), "inf": float("inf")})
        mlflow.log_text("hello", "notes/a.txt")
        with mlflow.start_run(nested=True) as child:
            mlflow.log_metric("loss", 5)
    run = client.get_run(active.info.run_id)
    assert run.info.status == "FINISHED" and run.info.run_name == "first" and run.info.end_time >= run.info.start_time
    assert run.data.params == {"depth": "3", "lr": "0.1", "solver": "lbfgs"}
    assert run.data.metrics["loss"] == pytest.approx(1 / 3) and run.data.metrics["acc"] == 0.9
    assert math.isnan(run.data.metrics["nan"]) and run.data.metrics["inf"] == 1.7976931348623157e308
    assert run.data.tags["team"] == "risk" and run.data.tags["mlflow.runName"] == "first"
    assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == active.info.run_id
    history = client.get_metric_history(active.info.run_id, "loss")
    assert [(m.step, m.value) for m in history] == [(0, 1.0), (1, 0.5), (2, 1 / 3)]
    assert [(f.path, f.is_dir) for f in client.list_artifacts(active.info.run_id)] == [("notes", True)]
    assert [(f.path, f.file_size) for f in client.list_artifacts(active.info.run_id, "notes")] == [("notes/a.txt", 5)]
    outside = requests.get(api(tracking, "artifacts/list"), params={"run_id": active.info.run_id, "path": "../x"})
    assert outside.status_code == 400 and "Invalid path" in outside.json()["message"]
    frame = mlflow.search_runs(filter_string="metrics.acc > 0.5")
    assert list(frame["run_id"]) == [active.info.run_id] and frame["params.depth"][0] == "3"


def test_experiments_live_and_die(client, tracking, name):
    made = client.create_experiment(name, tags={"team": "credit"})
    assert made.isdigit()
    found = client.get_experiment(made)
    assert (found.name, found.tags, found.artifact_location) == (name, {"team": "credit"}, f"mlflow-artifacts:/{made}")
    assert found.creation_time and found.last_update_time >= found.creation_time
    with pytest.raises(RestException, match=re.escape(f"Experiment(name={name}) already exists")) as failure:
        client.create_experiment(name)
    assert failure.value.error_code == "RESOURCE_ALREADY_EXISTS"
    run = client.create_run(made).info.run_id
    client.delete_experiment(made)
    assert client.get_experiment(made).lifecycle_stage == "deleted"
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    with pytest.raises(RestException, match="already exists in deleted state"):
        client.create_experiment(name)
    with pytest.raises(RestException, match="must be in the 'active' state"):
        client.create_run(made)
    with pytest.raises(RestException, match="Cannot rename a non-active experiment"):
        client.rename_experiment(made, name + "x")
    client.restore_experiment(made)
    assert client.get_run(run).info.lifecycle_stage == "active"
    client.rename_experiment(made, name + "-2")
    assert client.get_experiment_by_name(name) is None
    assert client.get_experiment_by_name(name + "-2").experiment_id == made
    client.set_experiment_tag(made, "empty", "")
    assert client.get_experiment(made).tags == {"team": "credit", "empty": ""}
    client.delete_experiment_tag(made, "team")
    with pytest.raises(RestException, match="No tag with name: team in experiment"):
        client.delete_experiment_tag(made, "team")


def test_experiment_search(client, name):
    ids = [client.create_experiment(f"{name}-{i}", tags={"group": name, "n": str(i)}) for i in range(5)]
    client.delete_experiment(ids[4])
    found = client.search_experiments(filter_string=f"tags.`group` = '{name}'", order_by=["name ASC"])
    assert [e.experiment_id for e in found] == ids[:4]
    both = client.search_experiments(ViewType.ALL, filter_string=f"tags.group = '{name}' AND tags.n != '2'", order_by=["experiment_id DESC"])
    assert [e.experiment_id for e in both] == [ids[i] for i in (4, 3, 1, 0)]
    page = client.search_experiments(filter_string=f"name LIKE '{name}-%'", max_results=3, order_by=["name DESC"])
    assert [e.name[-1] for e in page] == ["3", "2", "1"]
    rest = client.search_experiments(filter_string=f"name LIKE '{name}-%'", max_results=3, order_by=["name DESC"], page_token=page.token)
    assert [e.name[-1] for e in rest] == ["0"] and not rest.token


def test_params_do_not_change(client, run, tracking):
    client.log_param(run, "lr", "0.1")
    client.log_param(run, "lr", "0.1")
    message = refused(tracking, "runs/log-parameter", {"run_id": run, "key": "lr", "value": "0.2"})
    assert message == (f"Changing param values is not allowed. Param with key='lr' was already logged with value='0.1' for run "
                       f"ID='{run}'. Attempted logging new value '0.2'.")
    message = refused(tracking, "runs/log-batch", {"run_id": run, "params": [{"key": "lr", "value": "0.2"}], "tags": [{"key": "t", "value": "1"}]})
    assert message.startswith("Changing param values is not allowed. Params were already logged='[{'key': 'lr', 'old_value': '0.1', 'new_value': '0.2'}]'")
    assert "t" not in client.get_run(run).data.tags
    client.log_param(run, "empty", "")
    assert client.get_run(run).data.params == {"lr": "0.1", "empty": ""}


def test_batches(client, run, tracking):
    now = 1_700_000_000_000
    client.log_batch(run, [Metric("m", 1.5, now, 2), Metric("m", 9, now, 1), Metric("a/b c:d", -1, now, 0)], [Param("p", "x" * 7000)], [RunTag("t", "y")])
    data = client.get_run(run).data
    assert data.metrics == {"m": 1.5, "a/b c:d": -1.0} and len(data.params["p"]) == 6000 and data.tags["t"] == "y"
    client.log_batch(run, [Metric("m", 1.5, now, 2)] * 2)
    assert [m.step for m in client.get_metric_history(run, "m")] == [1, 2]
    many = [{"key": "k", "value": 1.0, "timestamp": 1, "step": i} for i in range(1001)]
    assert "at most 1000 metrics. Got 1001" in refused(tracking, "runs/log-batch", {"run_id": run, "metrics": many})
    twice = [{"key": "q", "value": "1"}] * 2
    assert "Duplicate parameter keys have been submitted: ['q']" in refused(tracking, "runs/log-batch", {"run_id": run, "params": twice})


@pytest.mark.parametrize("path, body, message", [
    ("runs/log-batch", {}, "Missing value for required parameter 'run_id'."),
    ("runs/log-batch", {"metrics": "foo"}, None),
    ("runs/log-batch", {"metrics": [{"key": "m", "value": 1.0}]}, "Missing value for required parameter 'metrics[0].timestamp'."),
    ("runs/log-batch", {"metrics": [{"value": 1.0, "timestamp": 1}]}, "Missing value for required parameter 'metrics[0].key'."),
    ("runs/log-batch", {"tags": [{"value": "x"}]}, "Missing value for required parameter 'tags[0].key'."),
    ("runs/log-batch", {"metrics": [{"key": "/m", "value": 1.0, "timestamp": 1}]}, "Invalid value \"/m\" for parameter 'metrics[0].name' supplied: Names may be treated as files"),
    ("runs/log-metric", {"key": "m", "value": 1.0, "timestamp": 1, "step": "foo"}, "Invalid value \"foo\" for parameter 'step' supplied"),
    ("runs/log-metric", {"key": "m", "value": "foo", "timestamp": 1}, "Invalid value \"foo\" for parameter 'value' supplied"),
    ("runs/log-metric", {"key": "m", "timestamp": 1}, "Missing value for required parameter 'value'."),
    ("runs/log-metric", {"key": "m?", "value": 1, "timestamp": 1}, "Names may only contain alphanumerics"),
    ("runs/log-parameter", {"value": "x"}, "Missing value for required parameter 'key'."),
    ("runs/set-tag", {"key": "a//b", "value": "x"}, "This name would resolve to 'a/b'"),
    ("runs/log-inputs", {"datasets": [{"dataset": {"name": "n", "digest": "d"}}]}, "Missing value for required parameter"),
    ("runs/outputs", {}, "Missing value for required parameter 'models'."),
    ("runs/log-model", {"model_json": "{"}, "Malformed model info."),
    ("runs/log-model", {"model_json": "{}"}, "Model json is missing mandatory fields"),
    ("experiments/create", {}, "Missing value for required parameter 'name'."),
    ("experiments/create", {"name": 123}, "Invalid value 123 for parameter 'name' supplied"),
    ("experiments/create", {"name": "x", "artifact_location": "s3://b/#f"}, "can't include fragments or params"),
    ("experiments/search", {"max_results": 0}, "It must be a positive integer"),
    ("runs/search", {"max_results": 50001}, "Invalid value 50001 for parameter 'max_results' supplied"),
    ("runs/search", {"experiment_ids": ["abc"]}, "Invalid experiment ID 'abc'. Experiment ID must be a valid integer."),
    ("runs/search", {"experiment_ids": ["0"], "filter": "nonsense.x = 1"}, "Invalid entity type 'nonsense'"),
    ("runs/search", {"experiment_ids": ["0"], "page_token": "evil"}, "Invalid page token"),
    ("logged-models", {}, "Missing value for required parameter 'experiment_id'."),
])
def test_what_is_refused(client, run, tracking, path, body, message):
    if path.startswith("runs/") and path != "runs/search" and body:
        body = body | {"run_id": run}
    said = refused(tracking, path, body)
    assert message is None or message in said


def test_empty_values_are_values(tracking, client, run):
    for path in ("runs/set-tag", "runs/log-parameter"):
        answer = requests.post(api(tracking, path), json={"run_uuid": run, "key": "k", "value": ""})
        assert (answer.status_code, answer.text) == (200, "{}")
    data = client.get_run(run).data
    assert data.tags["k"] == "" and data.params["k"] == ""


def test_unknown_and_deleted_runs(client, run, tracking):
    with pytest.raises(MlflowException, match="Run with id=" + "0" * 32 + " not found") as failure:
        client.get_run("0" * 32)
    assert failure.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    client.delete_run(run)
    client.delete_run(run)
    assert "must be in the 'active' state" in refused(tracking, "runs/log-metric", {"run_id": run, "key": "m", "value": 1, "timestamp": 1})
    client.restore_run(run)
    client.log_metric(run, "m", 1)


def test_update_run(client, run, tracking):
    before = client.get_run(run).info
    answer = requests.post(api(tracking, "runs/update"), json={"run_id": run, "status": "FAILED", "end_time": 77}).json()
    assert answer["run_info"]["status"] == "FAILED" and answer["run_info"]["end_time"] == 77
    assert answer["run_info"]["run_name"] == before.run_name
    client.update_run(run, name="renamed")
    after = client.get_run(run)
    assert (after.info.run_name, after.info.status, after.data.tags["mlflow.runName"]) == ("renamed", "FAILED", "renamed")
    client.set_tag(run, "mlflow.runName", "again")
    assert client.get_run(run).info.run_name == "again"
    client.delete_tag(run, "mlflow.runName")
    with pytest.raises(RestException, match="No tag with name: mlflow.runName in run with id"):
        client.delete_tag(run, "mlflow.runName")


def test_the_shape_of_a_run(tracking, run):
    requests.post(api(tracking, "runs/log-metric"), json={"run_id": run, "key": "m", "value": "NaN", "timestamp": "5"})
    answer = requests.get(api(tracking, "runs/get"), params={"run_id": run}).json()["run"]
    info = answer["info"]
    assert info["run_id"] == info["run_uuid"] == run and "end_time" not in info
    assert isinstance(info["experiment_id"], str) and isinstance(info["start_time"], int)
    assert answer["data"]["metrics"] == [{"key": "m", "value": "NaN", "timestamp": 5, "step": 0}]
    assert answer["inputs"] == {} and answer["outputs"] == {}
    same = requests.get(f"{tracking}/ajax-api/2.0/mlflow/runs/get", params={"run_uuid": run}).json()["run"]
    assert same == answer


def test_run_search(client, experiment):
    runs = []
    for i in range(6):
        made = client.create_run(experiment, start_time=1000 + i, run_name=f"r{i}").info.run_id
        client.log_batch(made, [Metric("acc", i / 10, 1, 0)] if i != 3 else [], [Param("model", f"m{i % 2}")], [RunTag("n", str(i))])
        runs.append(made)

    def found(text="", order=None, view=ViewType.ACTIVE_ONLY, **more):
        return [runs.index(r.info.run_id) for r in client.search_runs([experiment], text, view, order_by=order, **more)]

    assert found() == [5, 4, 3, 2, 1, 0]
    assert found("metrics.acc >= 0.2 and params.model = 'm0'") == [4, 2]
    assert found("metrics.acc != 0.1") == [5, 4, 2, 0]
    assert found("params.`model` LIKE 'm%' AND tags.\"n\" != '5'", ["metrics.acc DESC"]) == [4, 2, 1, 0, 3]
    assert found(f"attributes.run_id IN ('{runs[1]}', '{runs[2]}')", ["attributes.start_time ASC"]) == [1, 2]
    assert found("run_name = 'r4'") == [4] and found("tags.n IS NULL") == []
    client.delete_run(runs[0])
    assert found(view=ViewType.DELETED_ONLY) == [0] and found(view=ViewType.ALL) == [5, 4, 3, 2, 1, 0]
    page = client.search_runs([experiment], max_results=3, order_by=["metrics.acc ASC"])
    rest = client.search_runs([experiment], max_results=3, order_by=["metrics.acc ASC"], page_token=page.token)
    assert [runs.index(r.info.run_id) for r in page + rest] == [1, 2, 4, 5, 3] and not rest.token


def test_histories(client, run, tracking):
    for step in range(10):
        client.log_metric(run, "m", step / 2, timestamp=100 + step, step=step)
    page = requests.get(api(tracking, "metrics/get-history"), params={"run_id": run, "metric_key": "m", "max_results": 4}).json()
    assert [m["step"] for m in page["metrics"]] == [0, 1, 2, 3]
    rest = requests.get(api(tracking, "metrics/get-history"),
                        params={"run_id": run, "metric_key": "m", "max_results": 40, "page_token": page["next_page_token"]}).json()
    assert [m["step"] for m in rest["metrics"]] == list(range(4, 10)) and "next_page_token" not in rest
    assert requests.get(api(tracking, "metrics/get-history"), params={"run_id": run, "metric_key": "x"}).json() == {}
    bulk = f"{tracking}/ajax-api/2.0/mlflow/metrics/get-history-bulk"
    assert requests.get(bulk, params={"run_id": run, "metric_key": "m"}).json()["metrics"][0] == {"key": "m", "value": 0.0, "timestamp": 100, "step": 0, "run_id": run}
    assert requests.get(bulk, params={"run_id": run, "metric_key": "x"}).json() == {"metrics": []}
    assert "must specify at least one run_id" in requests.get(bulk, params={"metric_key": "m"}).json()["message"]
    assert "must specify a metric_key" in requests.get(bulk, params={"run_id": run}).json()["message"]
    assert "cannot specify more than 100 run_ids" in requests.get(bulk, params={"run_id": ["x"] * 101, "metric_key": "m"}).json()["message"]
    sampled = bulk + "-interval"
    answer = requests.get(sampled, params={"run_ids": run, "metric_key": "m", "max_results": 5}).json()
    assert [m["step"] for m in answer["metrics"]] == [0, 2, 4, 6, 8, 9] and answer["metrics"][0]["run_id"] == run
    for params, message in (({"max_results": 0}, "max_results must be between 1 and 2500."),
                            ({"start_step": 1}, "both must be specified"),
                            ({"start_step": 5, "end_step": 1}, "end_step must be greater than start_step")):
        assert message in requests.get(sampled, params={"run_ids": run, "metric_key": "m"} | params).json()["message"]


def test_datasets(client, experiment, run, tracking):
    data = Dataset("loans", "d1", "local", "loans.csv", schema='{"a": 1}', profile='{"rows": 2}')
    used = DatasetInput(data, [InputTag("mlflow.data.context", "training")])
    for _ in range(2):
        client.log_inputs(run, [used, used], [LoggedModelInput("m-base")])
    inputs = client.get_run(run).inputs
    assert [(i.dataset.name, i.dataset.schema, i.tags[0].value) for i in inputs.dataset_inputs] == [("loans", '{"a": 1}', "training")]
    assert [m.model_id for m in inputs.model_inputs] == ["m-base"]
    other = client.create_run(experiment).info.run_id
    client.log_inputs(other, [DatasetInput(data, [])])
    summaries = requests.post(f"{tracking}/ajax-api/2.0/mlflow/experiments/search-datasets", json={"experiment_ids": [experiment]}).json()
    assert sorted(s.get("context", "") for s in summaries["dataset_summaries"]) == ["", "training"]
    assert [r.info.run_id for r in client.search_runs([experiment], "dataset.context = 'training'")] == [run]
    assert len(client.search_runs([experiment], "datasets.name = 'loans' AND dataset.digest IN ('d1')")) == 2
    with pytest.raises(RestException, match="'digest' exceeds the maximum length of 36 characters"):
        client.log_inputs(run, [DatasetInput(Dataset("n", "d" * 37, "local", "x"), [])])


def test_pandas_input_through_fluent(tracking, client, name):
    mlflow.set_experiment(name)
    with mlflow.start_run() as active:
        mlflow.log_input(mlflow.data.from_pandas(pandas.DataFrame({"a": [1, 2]}), name="frame"), context="eval")
    found = client.get_run(active.info.run_id).inputs.dataset_inputs[0]
    assert found.dataset.name == "frame" and json.loads(found.dataset.profile)["num_rows"] == 2


def test_logged_models(client, experiment, run, tracking):
    model = client.create_logged_model(experiment, name="m", source_run_id=run, tags={"t": "1"}, params={"p": "1"}, model_type="agent")
    assert model.status == LoggedModelStatus.PENDING and model.artifact_location == f"mlflow-artifacts:/{experiment}/models/{model.model_id}/artifacts"
    client.log_outputs(run, [LoggedModelOutput(model.model_id, 0)])
    assert client.get_run(run).outputs.model_outputs[0].model_id == model.model_id
    client.log_metric(run, "acc", 0.7, model_id=model.model_id, dataset_name="loans", dataset_digest="d1")
    ready = client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    assert ready.status == LoggedModelStatus.READY
    client.set_logged_model_tags(model.model_id, {"t": "2", "a/b": "3"})
    client.delete_logged_model_tag(model.model_id, "a/b")
    got = client.get_logged_model(model.model_id)
    assert (got.name, got.tags, got.params, got.model_type, got.source_run_id) == ("m", {"t": "2"}, {"p": "1"}, "agent", run)
    assert [(m.key, m.value, m.run_id, m.dataset_name) for m in got.metrics] == [("acc", 0.7, run, "loans")]
    with pytest.raises(RestException, match="No tag with key 'a/b' found"):
        client.delete_logged_model_tag(model.model_id, "a/b")
    client.delete_logged_model(model.model_id)
    with pytest.raises(RestException, match=f"Logged model with ID '{model.model_id}' not found"):
        client.get_logged_model(model.model_id)
    kept = requests.get(api(tracking, f"logged-models/{model.model_id}"), params={"allow_deleted": "true"})
    assert kept.status_code == 200 and kept.json()["model"]["info"]["status"] == "LOGGED_MODEL_READY"


def test_logged_model_search(client, experiment, run):
    ids = [client.create_logged_model(experiment, name=n, params={"p": n}).model_id for n in "abc"]
    for model, value in zip(ids, (0.1, 0.9, 0.5)):
        client.log_metric(run, "acc", value, model_id=model, dataset_name="d", dataset_digest="1")

    def found(**more):
        return "".join(m.name for m in client.search_logged_models([experiment], **more))

    assert found(filter_string="metrics.acc > 0.2", order_by=[{"field_name": "name"}]) == "bc"
    assert found(order_by=[{"field_name": "metrics.acc", "ascending": False, "dataset_name": "d"}]) == "bca"
    assert found(datasets=[{"dataset_name": "d", "dataset_digest": "2"}]) == ""
    assert found(filter_string="params.p IN ('a','c')", order_by=[{"field_name": "name", "ascending": False}]) == "ca"
    page = client.search_logged_models([experiment], max_results=2, order_by=[{"field_name": "name"}])
    rest = client.search_logged_models([experiment], max_results=2, order_by=[{"field_name": "name"}], page_token=page.token)
    assert [m.name for m in rest] == ["c"]
    with pytest.raises(RestException, match="Filter string in the page token does not match"):
        client.search_logged_models([experiment], filter_string="name = 'x'", order_by=[{"field_name": "name"}], page_token=page.token)


def test_sklearn_model_end_to_end(tracking, client, name):
    from sklearn.linear_model import LogisticRegression

    mlflow.set_experiment(name)
    with mlflow.start_run() as active:
        fitted = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
        info = mlflow.sklearn.log_model(fitted, name="model", registered_model_name=name)
    loaded = mlflow.pyfunc.load_model(f"models:/{name}/1")
    assert list(loaded.predict([[0.0], [3.0]])) == [0, 1]
    model = client.get_logged_model(info.model_id)
    assert json.loads(model.tags["mlflow.modelVersions"])[0]["name"] == name
    assert client.get_run(active.info.run_id).outputs.model_outputs[0].model_id == info.model_id


def test_autolog(tracking, client, name):
    from sklearn.linear_model import LogisticRegression

    mlflow.set_experiment(name)
    mlflow.sklearn.autolog()
    try:
        with mlflow.start_run() as active:
            LogisticRegression().fit(pandas.DataFrame({"a": [0.0, 1.0, 2.0, 3.0]}), [0, 0, 1, 1])
    finally:
        mlflow.sklearn.autolog(disable=True)
    data = client.get_run(active.info.run_id).data
    assert data.params["solver"] == "lbfgs" and "training_accuracy_score" in data.metrics
