"""People with S3 keys, and the clients that they have. REGESTA_S3_CLIENTS is the folder of aws, rclone and dvc (tests/s3/run)."""

import json
import os
import pathlib
import subprocess
import urllib.request

import boto3
import pytest
from botocore.config import Config

from regesta_server import ROOT, Server

PASSWORD = "a long password"
CLIENTS = pathlib.Path(os.environ.get("REGESTA_S3_CLIENTS") or ROOT / "build/tools/s3-clients/bin")
# name: grants of a token with an S3 key
PEOPLE = {
    "carl": [{"role": "contributor", "workspace": "default"}],
    "rex": [{"role": "reader", "workspace": "default"}],
    "nina": [{"role": "contributor", "workspace": "default", "name_pattern": "nina-*"}],
    "walt": [{"role": "contributor", "workspace": "west"}],
    "boss": [{"role": "admin"}],
}
MIB = 1024 * 1024


class Person:
    """One who signs with a key; without one, on a server without users, anything is a key."""

    def __init__(self, server, key="anybody", secret="anything", token=None):
        self.server, self.key, self.secret, self.token = server, key, secret, token

    @property
    def endpoint(self):
        return f"{self.server.url}/s3"

    def s3(self, **options):
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, **options)
        return boto3.client("s3", endpoint_url=self.endpoint, aws_access_key_id=self.key, aws_secret_access_key=self.secret,
                            region_name="us-east-1", config=config)

    @property
    def environment(self):
        home = pathlib.Path(self.server.data).parent / "home"
        home.mkdir(exist_ok=True)
        return {"PATH": f"{CLIENTS}:{os.environ['PATH']}", "HOME": str(home), "AWS_ACCESS_KEY_ID": self.key,
                "AWS_SECRET_ACCESS_KEY": self.secret, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": self.endpoint,
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "DO_NOT_TRACK": "1"}

    def run(self, *words, fails=False, folder=None, **more):
        got = subprocess.run(list(map(str, words)), env=self.environment | more, cwd=folder, capture_output=True, text=True, timeout=180)
        assert (got.returncode != 0) == fails, f"{words}: {got.stdout}{got.stderr}\n{self.server.log()[-2000:]}"
        return got.stdout + got.stderr

    def aws(self, *words, **options):
        return self.run(CLIENTS / "aws", *words, **options)


def api(server, method, path, body=None, token=None, user=None):
    """The native API."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if user:
        import base64
        headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
    request = urllib.request.Request(server.url + path, json.dumps(body).encode() if body is not None else None, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text else None


class Office:
    """A server with users: office.carl, …, office.root(method, path, body)."""

    def __init__(self, server):
        self.server = server
        api(server, "POST", "/api/v1/users", {"name": "root", "password": PASSWORD})
        self.root("POST", "/api/v1/workspaces", {"name": "west"})
        for name, grants in PEOPLE.items():
            setattr(self, name, self.person(name, *grants))

    def root(self, method, path, body=None):
        return api(self.server, method, path, body, user="root")

    def person(self, name, *grants):
        made = self.root("POST", "/api/v1/tokens", {"name": name, "grants": list(grants), "s3": True})
        return Person(self.server, made["access_key_id"], made["secret_access_key"], made["token"])


@pytest.fixture
def local(server):
    """A server without users."""
    return Person(server)


@pytest.fixture(scope="module")
def anybody(shared_server):
    return Person(shared_server)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("office") / "data").start()
    yield Office(server)
    assert server.stop() == 0, server.log()[-4000:]
