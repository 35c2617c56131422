import itertools
import json
import os
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from regesta_server import Server, binary
from stores import ACCESS, BUCKET, SECRET, Azurite, Moto, Proxy, Versitygw

CREDENTIALS = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}


AZURE = {"AZURE_STORAGE_ACCOUNT_NAME": Azurite.ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": Azurite.KEY}


class Node(Server):
    """A server whose blobs are in the bucket."""

    def __init__(self, data, endpoint, prefix, environment=None, **settings):
        settings = {"blobs": f"s3://{BUCKET}/{prefix}", "blobs_endpoint": endpoint, "blobs_retry_seconds": 5} | settings
        options = [part for name, value in settings.items() for part in (f"--{name.replace('_', '-')}", str(value))]
        super().__init__(data, *options, environment=CREDENTIALS | (environment or {}))
        self.prefix = prefix

    def call(self, method, path, body=None, headers=None):
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"} | (headers or {}), method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.read()

    def upload(self, content):
        return json.loads(self.call("PUT", "/api/v1/blobs", content))["digest"]

    def download(self, digest, headers=None):
        return self.call("GET", f"/api/v1/blobs/{digest}", headers=headers)

    def ready(self):
        try:
            return 200, json.loads(self.call("GET", "/ready"))
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())

    def command(self, *words):
        ran = subprocess.run([binary(), *words, "--json"], env=os.environ | {"REGESTA_URL": self.url}, capture_output=True, text=True)
        return ran.returncode, json.loads(ran.stdout or "{}"), ran.stderr


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    running = Versitygw(tmp_path_factory.mktemp("s3")).start()
    yield running
    running.stop()
    running.forget()


@pytest.fixture(scope="session")
def moto():
    running = Moto()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def azurite():
    running = Azurite()
    yield running
    running.stop()


@pytest.fixture
def proxy(store):
    between = Proxy(store.port)
    yield between
    between.close()


prefixes = (f"test-{n}" for n in itertools.count())


@pytest.fixture
def nodes(tmp_path):
    """Starts servers: nodes(endpoint) on a new prefix, or on that of another server."""
    started = []

    def start(endpoint, prefix=None, data=None, environment=None, **settings):
        node = Node(data or tmp_path / f"data{len(started)}", endpoint, prefix or next(prefixes), environment, **settings)
        started.append(node)
        return node.start()
    yield start
    for node in started:
        node.stop()
