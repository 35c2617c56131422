"""The unmodified wandb client against the real server. One server a module: tests use names of their own."""

import os
import subprocess
import sys
import uuid

import pytest
import requests
from recording_proxy import RecordingProxy

from regesta_server import Server

PASSWORD = "correct horse battery staple"


class Site:
    """A server with users, a token for the client, and a proxy that records what the client sends."""

    def __init__(self, server):
        self.server = server
        self.proxy = RecordingProxy(server.port)
        self.post("/api/v1/users", name="admin", password=PASSWORD, grants=[{"role": "admin", "workspace": "*", "name_pattern": "*"}])
        self.key = self.token("training", "contributor")

    def post(self, path, **body):
        answer = requests.post(self.server.url + path, json=body, auth=("admin", PASSWORD), timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def get(self, path, **query):
        answer = requests.get(self.server.url + path, params=query, auth=("admin", PASSWORD), timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def token(self, name, role, workspace="default"):
        return self.post("/api/v1/tokens", name=name, grants=[{"role": role, "workspace": workspace, "name_pattern": "*"}])["token"]

    def environment(self, folder, key=None, **more):
        own = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
        return own | {"WANDB_BASE_URL": self.proxy.url, "WANDB_API_KEY": key or self.key, "WANDB_DIR": str(folder), "WANDB_SILENT": "true",
                      "WANDB_CACHE_DIR": f"{folder}/cache", "WANDB_DATA_DIR": f"{folder}/data", "WANDB_CONFIG_DIR": f"{folder}/config",
                      "WANDB_ARTIFACT_DIR": f"{folder}/artifacts", "WANDB_ERROR_REPORTING": "false", "HOME": str(folder), "NETRC": f"{folder}/netrc"} | more

    def run(self, code, folder, key=None, fails=False, seconds=300, **more):
        """Runs Python in a process of its own, as a team's script would be."""
        done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=self.environment(folder, key, **more), capture_output=True,
                              text=True, timeout=seconds)
        assert fails or done.returncode == 0, done.stdout + done.stderr + "\n" + "\n".join(map(repr, self.proxy.requests[-20:])) + self.server.log()[-2000:]
        return done


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server") / "data", "--webhooks-allow", "127.0.0.1").start()
    site = Site(server)
    yield site
    site.proxy.close()
    assert server.stop() == 0, server.log()[-4000:]


@pytest.fixture
def name():
    """A name that no other test uses."""
    return f"n-{uuid.uuid4().hex[:12]}"
