"""The same import from MLflow's other stores: PostgreSQL, and any server through its API."""

import os
import re
import socket
import subprocess
import sys
import tempfile

import pytest
import requests
import world

from regesta_server import ROOT, eventually


@pytest.fixture
def postgres():
    tool, folder = ROOT / "tools" / "postgres", tempfile.mkdtemp()
    os.chmod(folder, 0o755)  # the cluster runs as a user of its own
    try:
        yield subprocess.run([tool, "start", f"{folder}/db", "--fast"], capture_output=True, text=True, check=True).stdout.strip()
    finally:
        subprocess.run([tool, "drop", f"{folder}/db"], check=True, capture_output=True)


def test_a_postgresql_source(server, importing, postgres, tmp_path):
    uri = re.sub("^postgres(ql)?://", "postgresql+psycopg2://", postgres)  # the driver is MLflow's to find
    there = world.client_of(uri)
    world.fill(uri, tmp_path)
    report = importing.run("--from", postgres, "--artifacts", tmp_path / "mlruns")
    assert report["ok"], report
    here = world.client_of(server.url)
    assert world.see_tracking(here) == world.see_tracking(there)
    assert world.see_registry(here) == world.see_registry(there)
    again = importing.run("--from", postgres, "--artifacts", tmp_path / "mlruns")
    assert all(kind["unchanged"] == kind["source"] for kind in again["kinds"].values()), again


@pytest.fixture
def mlflow_server(source, tmp_path):
    """MLflow's own server over the filled database."""
    uri, mlruns, ids = source
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")} | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--port", str(port), "--workers", "1",
         "--artifacts-destination", str(mlruns)], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True)
    url = f"http://127.0.0.1:{port}"

    def ready():
        assert process.poll() is None
        try:
            return requests.get(url + "/health", timeout=5).ok
        except requests.RequestException:
            return False

    eventually(ready, seconds=180)
    yield url, ids
    os.killpg(process.pid, 15)
    process.wait(60)


def test_a_server_as_source(server, importing, mlflow_server):
    url, ids = mlflow_server
    report = importing.run("--from", url)
    assert report["ok"], report
    here, there = world.client_of(server.url), world.client_of(url)
    seen = [world.see_tracking(client) for client in (here, there)]
    for run in [run for one in seen for run in one["runs"].values()]:
        del run["model inputs"]  # MLflow's API leaves them out of searches
    assert seen[0] == seen[1]
    assert world.see_registry(here) == world.see_registry(there)
    assert world.see_trace(here, ids["trace"]) == world.see_trace(there, ids["trace"])
    assert report["files"]["stored"] == 4
