"""Requests of more than 8 MiB that MLflow's client cannot divide."""

import mlflow
import requests
from mlflow.entities import Dataset, DatasetInput

MIB = 1024 * 1024


def test_a_profile_of_16_mib_is_kept(client, name):
    run = client.create_run(client.create_experiment(name)).info.run_id
    profile = "p" * (16 * MIB - 1)
    client.log_inputs(run, [DatasetInput(Dataset("d", "1", "local", "here", None, profile))])
    assert client.get_run(run).inputs.dataset_inputs[0].dataset.profile == profile


def test_a_span_of_12_mib_is_kept(client, tracking, name):
    mlflow.set_experiment(name)
    picture = "q" * (12 * MIB)
    with mlflow.start_span("look") as span:
        span.set_inputs({"picture": picture})
    mlflow.flush_trace_async_logging()
    trace = mlflow.get_trace(span.trace_id)
    assert trace.data.spans[0].inputs == {"picture": picture}


def test_more_than_32_mib_is_refused_with_the_limit(tracking):
    response = requests.post(f"{tracking}/api/2.0/mlflow/runs/log-batch", data=b"{" + b" " * (33 * MIB) + b"}",
                             headers={"Content-Type": "application/json"}, timeout=60)
    assert response.status_code in (400, 413)
    assert "larger than 33554432 bytes" in response.json()["message"]


def test_other_routes_keep_their_limit(tracking):
    response = requests.post(f"{tracking}/api/2.0/mlflow/runs/set-tag", data=b"{" + b" " * (9 * MIB) + b"}",
                             headers={"Content-Type": "application/json"}, timeout=60)
    assert "larger than 8388608 bytes" in response.json()["message"]
