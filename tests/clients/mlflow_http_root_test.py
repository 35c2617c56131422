"""A server whose artifact root is its own http address: the unmodified client logs there and registers what it logged."""

import socket

import mlflow
import pytest
import requests
from mlflow.exceptions import MlflowException

from regesta_server import Server


@pytest.fixture
def url(tmp_path, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = f"http://127.0.0.1:{port}/api/2.0/mlflow-artifacts/artifacts"
    server = Server(tmp_path / "data", "--default-artifact-root", root).start(port)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_REGISTRY_URI", raising=False)
    yield server.url
    assert server.stop() == 0


def test_what_was_logged_there_is_registered_and_sealed(url):
    client = mlflow.MlflowClient(url, url)
    run = client.create_run("0")
    assert run.info.artifact_uri.startswith(f"{url}/api/2.0/mlflow-artifacts/artifacts")
    client.log_text(run.info.run_id, "weights", "model/weights.txt")
    client.create_registered_model("risk")
    version = client.create_model_version("risk", f"{run.info.artifact_uri}/model", run.info.run_id)
    assert client.get_model_version_download_uri("risk", version.version).startswith("mlflow-artifacts:/")

    address = f"{run.info.artifact_uri}/model/weights.txt"
    late = requests.put(address, data=b"others", timeout=60)
    assert late.status_code == 400 and "sealed" in late.text, late.text
    assert requests.get(address, timeout=60).text == "weights"


def test_other_hosts_stay_refused(url):
    client = mlflow.MlflowClient(url, url)
    run = client.create_run("0")
    client.create_registered_model("risk")
    here = url.removeprefix("http://")
    for source in (f"http://other.example/api/2.0/mlflow-artifacts/artifacts/0/{run.info.run_id}/artifacts/model", f"https://{here}/model", f"http://{here}@other.example/model"):
        with pytest.raises(MlflowException, match="scheme addresses a host other"):
            client.create_model_version("risk", source, run.info.run_id)
