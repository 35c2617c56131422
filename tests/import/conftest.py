import json
import os
import shutil
import subprocess

import pytest
import world

from regesta_server import binary


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """An SQLite file of MLflow's, made once. Tests read it, or copy it before they change it."""
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder}/mlflow.db"
    ids = world.fill(uri, folder)
    return folder, uri, ids


@pytest.fixture
def source(filled, tmp_path):
    """A copy of the file that a test may change; its artifacts stay where they are."""
    folder, _, ids = filled
    shutil.copy(folder / "mlflow.db", tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path}/mlflow.db", folder / "mlruns", ids


class Import:
    """Runs `regesta import mlflow`, or another source, against a server."""

    def __init__(self, server, token=None):
        self.server = server
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("REGESTA_")} | {"REGESTA_URL": server.url}
        if token:
            self.environment["REGESTA_TOKEN"] = token

    def start(self, *arguments, what="mlflow"):
        return subprocess.Popen([binary(), "import", what, "--json", *map(str, arguments)], env=self.environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *arguments, code=0, what="mlflow"):
        process = self.start(*arguments, what=what)
        out, err = process.communicate(timeout=300)
        assert process.returncode == code, f"exit code {process.returncode}\n{out}\n{err}\n{self.server.log()[-3000:]}"
        return json.loads(out) if out.startswith("{") else err


@pytest.fixture
def importing(server):
    return Import(server)
