"""The unmodified huggingface_hub against the real server."""

import os
import pathlib
import tempfile
import uuid

HOME = tempfile.mkdtemp(prefix="regesta-hf-")
os.environ.update({"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
                   "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1", "HF_HOME": HOME, "DO_NOT_TRACK": "1", "HF_HUB_DISABLE_XET": "1"})

import pytest  # noqa: E402
import requests  # noqa: E402
from huggingface_hub import HfApi  # noqa: E402

PASSWORD = "a long password"
POLICY = """package regesta.gate

deny contains {"code": "wip", "msg": "unfinished work stays on branches", "remediation": "commit without WIP"} if {
  startswith(input.candidate.description, "WIP")
}

require contains {"code": "risk", "msg": "risk approves", "approvals": {"role": "risk"}}
"""


class Hub:
    """A server as one person sees it: with huggingface_hub, and with the native API."""

    def __init__(self, server, token=None):
        self.server, self.token = server, token
        self.endpoint = f"{server.url}/hf"
        self.api = HfApi(endpoint=self.endpoint, token=token or False)

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def native(self, method, path, body=None, **options):
        return requests.request(method, f"{self.server.url}/api/v1{path}", json=body, headers=self.headers, **options)

    def ok(self, method, path, body=None, **options):
        answer = self.native(method, path, body, **options)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.text else None

    def raw(self, method, path, **options):
        return requests.request(method, self.endpoint + path, headers={**self.headers, **options.pop("headers", {})}, **options)

    def files(self, repo, revision=None, **options):
        return sorted(self.api.list_repo_files(repo, revision=revision, **options))

    def put(self, repo, path="a.txt", content=b"hello", **options):
        return self.api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id=repo, **options)


class People:
    """root, and whoever is asked for, each with a token of their own."""

    def __init__(self, server):
        self.server = server
        requests.post(f"{server.url}/api/v1/users", json={"name": "root", "password": PASSWORD}).raise_for_status()
        self.auth = ("root", PASSWORD)

    def ask(self, method, path, body, auth=None):
        answer = requests.request(method, f"{self.server.url}/api/v1{path}", json=body, auth=auth or self.auth)
        assert answer.ok, answer.text
        return answer.json() if answer.text else None

    def user(self, name, *grants):
        self.ask("POST", "/users", {"name": name, "password": PASSWORD, "grants": list(grants)})

    def hub(self, name, *grants):
        return Hub(self.server, self.ask("POST", "/tokens", {"name": name, "grants": list(grants)})["token"])

    def protect(self, pointer, kind="model", name_pattern="*"):
        self.ask("POST", "/policies/gate", {"modules": [{"name": "gate.rego", "text": POLICY}]})
        self.ask("POST", "/policies/bindings", {"kind": kind, "name_pattern": name_pattern, "pointer": pointer, "policy": "gate"})


@pytest.fixture(scope="module")
def hub(shared_server):
    return Hub(shared_server)


@pytest.fixture
def repo(hub):
    """An empty model repository that no other test uses."""
    name = f"default/r-{uuid.uuid4().hex[:12]}"
    hub.api.create_repo(name)
    return name


@pytest.fixture
def people(server):
    return People(server)


@pytest.fixture
def folder(tmp_path):
    def write(files):
        root = tmp_path / "folder"
        for path, content in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return pathlib.Path(root)

    return write
