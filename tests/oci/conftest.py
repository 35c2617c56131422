"""OCI clients and the official conformance suite, each built once from its Go module into build/tools."""

import hashlib
import json
import os
import pathlib
import subprocess

import pytest
import requests
from go_tool import go_tool

from regesta_server import Server

EMPTY = b"{}"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture(scope="session")
def oras_program():
    return go_tool("oras.land/oras/cmd/oras", "v1.3.6")


@pytest.fixture(scope="session")
def conformance_program():
    return go_tool("github.com/opencontainers/distribution-spec/conformance", "v0.0.0-20260831232431-97274622c111")


def sha256(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def sha512(content):
    return "sha512:" + hashlib.sha512(content).hexdigest()


def descriptor(content, media_type="application/octet-stream", title=None, digest=sha256, **more):
    described = {"mediaType": media_type, "digest": digest(content), "size": len(content), **more}
    if title:
        described["annotations"] = {"org.opencontainers.image.title": title}
    return described


def manifest(*layers, artifact_type="application/vnd.example", **more):
    return json.dumps({"schemaVersion": 2, "mediaType": IMAGE, "artifactType": artifact_type,
                       "config": descriptor(EMPTY, "application/vnd.oci.empty.v1+json"), "layers": list(layers), **more}).encode()


class Repository:
    """A repository over plain HTTP, for what no client would send. Answers are requests' own."""

    def __init__(self, server, name="default/weights", auth=None):
        self.url = f"{server.url}/v2/{name}"
        self.server, self.name, self.session = server, name, requests.Session()
        self.session.auth = auth

    def call(self, method, path, **more):
        return self.session.request(method, path if path.startswith("http") else self.server.url + path if path.startswith("/") else f"{self.url}/{path}",
                                    timeout=60, **more)

    def push_blob(self, content, digest=sha256):
        answer = self.call("POST", "blobs/uploads/", params={"digest": digest(content)}, data=content)
        assert answer.status_code == 201, answer.text
        return answer

    def push(self, reference, *contents, **more):
        """A manifest with these layers; returns its text."""
        for content in (EMPTY, *contents):
            self.push_blob(content)
        text = manifest(*(descriptor(content, title=f"file-{n}") for n, content in enumerate(contents)), **more)
        answer = self.put(reference, text)
        assert answer.status_code == 201, answer.text
        return text

    def put(self, reference, text, media_type=IMAGE, **more):
        return self.call("PUT", f"manifests/{reference}", data=text, headers={"Content-Type": media_type}, **more)

    def get(self, reference, **more):
        return self.call("GET", f"manifests/{reference}", **more)

    def blob(self, digest, method="GET", **more):
        return self.call(method, f"blobs/{digest}", **more)

    def tags(self, **params):
        return self.call("GET", "tags/list", params=params)


def code(answer):
    """The code of an error in the envelope of the specification."""
    errors = answer.json()["errors"]
    assert errors[0]["message"]
    return errors[0]["code"]


class Oras:
    def __init__(self, program, server, folder):
        self.program, self.server, self.folder = program, server, pathlib.Path(folder)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "DOCKER_CONFIG": str(folder / "docker")}
        self.credentials = ()

    def __call__(self, command, repository, *words, fails=False, folder=None):
        reference = f"127.0.0.1:{self.server.port}/{repository}"
        where = ["--to-plain-http", "--from-plain-http"] if command == "copy" else ["--plain-http"]
        got = subprocess.run([self.program, *command.split(), *where, *self.credentials, reference, *map(str, words)],
                             cwd=folder or self.folder, env=self.environment, capture_output=True, text=True, timeout=120)
        assert (got.returncode != 0) == fails, got.stdout + got.stderr
        return got.stdout + got.stderr

    def reference(self, repository):
        return f"127.0.0.1:{self.server.port}/{repository}"


@pytest.fixture
def oras(oras_program, server, tmp_path):
    return Oras(oras_program, server, tmp_path)


@pytest.fixture
def repository(server):
    return Repository(server)


@pytest.fixture(scope="module")
def shared(shared_server):
    return Repository(shared_server, "default/shared")


__all__ = ["Server"]
