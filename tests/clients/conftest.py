"""The unmodified mlflow client against the real server. One server a module: tests use names of their own."""

import os
import uuid

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import mlflow
import pytest

OWN_VARIABLES = {name for name in os.environ if name.startswith("MLFLOW_")}


@pytest.fixture
def tracking(shared_server, tmp_path, monkeypatch):
    """Points mlflow's fluent functions at the server; returns its URL."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_REGISTRY_URI", raising=False)
    mlflow.set_tracking_uri(shared_server.url)
    mlflow.set_registry_uri(shared_server.url)
    yield shared_server.url
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)
    # The setters also set variables, which programs that later tests start would inherit.
    for variable in [name for name in os.environ if name.startswith("MLFLOW_") and name not in OWN_VARIABLES]:
        del os.environ[variable]


@pytest.fixture
def client(tracking):
    return mlflow.MlflowClient(tracking)


@pytest.fixture
def name():
    """A name that no other test uses."""
    return f"n-{uuid.uuid4().hex[:12]}"
