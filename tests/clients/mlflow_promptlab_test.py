"""What MLflow's prompt lab calls: a run from a trial of a prompt, and the proxy to a deployments server."""

import json

import mlflow
import pytest
import requests


@pytest.fixture
def post(tracking):
    def send(path, body):
        response = requests.post(f"{tracking}/ajax-api/2.0/mlflow/{path}", json=body, timeout=60)
        return response.status_code, response.json()
    return send


TRIAL = {
    "prompt_template": "Say {{word}}",
    "prompt_parameters": [{"key": "word", "value": "hello"}],
    "model_route": "chat",
    "model_parameters": [{"key": "temperature", "value": 0.1}],
    "model_input": "Say hello",
    "model_output": "hello",
    "model_output_parameters": [{"key": "latency", "value": "100"}],
    "mlflow_version": "1.0.0",
}


def test_a_trial_becomes_a_run_with_its_table(client, post, name):
    experiment = client.create_experiment(name)
    status, made = post("runs/create-promptlab-run", {**TRIAL, "experiment_id": experiment, "run_name": "trial", "user_id": "ann", "start_time": 456})
    assert status == 200, made
    info = made["run"]["info"]
    assert (info["run_name"], info["user_id"], info["status"], info["start_time"]) == ("trial", "ann", "FINISHED", 456)
    run = client.get_run(info["run_id"])
    assert run.data.params == {"temperature": "0.1", "model_route": "chat", "prompt_template": "Say {{word}}"}
    assert run.data.tags["mlflow.runSourceType"] == "PROMPT_ENGINEERING"
    assert json.loads(run.data.tags["mlflow.loggedArtifacts"]) == [{"path": "eval_results_table.json", "type": "table"}]
    table = json.loads(mlflow.artifacts.load_text(f"runs:/{info['run_id']}/eval_results_table.json"))
    assert table == {"columns": ["word", "prompt", "output", "latency"], "data": [["hello", "Say hello", "hello", "100"]]}


@pytest.mark.parametrize("missing", ["experiment_id", "prompt_template", "prompt_parameters", "model_route", "model_input", "mlflow_version"])
def test_a_trial_without_a_part_is_refused_by_its_name(post, missing):
    status, refused = post("runs/create-promptlab-run", {key: value for key, value in {**TRIAL, "experiment_id": "0"}.items() if key != missing})
    assert (status, refused["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert f"must specify {missing}." in refused["message"]


def test_a_refused_trial_leaves_no_run(client, post, name):
    experiment = client.create_experiment(name)
    status, _ = post("runs/create-promptlab-run", {**TRIAL, "experiment_id": experiment, "model_parameters": [{"key": "k" * 300, "value": 1}]})
    assert status == 400
    assert client.search_runs([experiment]) == []


def test_the_proxy_knows_no_gateway(tracking, post):
    assert "must specify a gateway_path" in post("gateway-proxy", {})[1]["message"]
    assert "Invalid gateway_path: foo/bar for method: POST" in post("gateway-proxy", {"gateway_path": "foo/bar"})[1]["message"]
    assert post("gateway-proxy", {"gateway_path": "gateway/chat/invocations", "json_data": {}})[0] == 404
    url = f"{tracking}/ajax-api/2.0/mlflow/gateway-proxy"
    assert requests.get(url, timeout=60).json() == {"endpoints": []}
    assert requests.get(url, params={"gateway_path": "api/2.0/endpoints/"}, timeout=60).json() == {"endpoints": []}
    assert requests.get(url, params={"gateway_path": "hello/world"}, timeout=60).status_code == 400
    assert requests.delete(url, timeout=60).status_code == 405
