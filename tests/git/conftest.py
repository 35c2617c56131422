"""Real git against the real server."""

import base64
import json
import os
import pathlib
import subprocess
import urllib.error
import urllib.request

import pytest

ENVIRONMENT = {
    "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "init.defaultBranch", "GIT_CONFIG_VALUE_0": "main", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
    "GIT_AUTHOR_NAME": "Anna Author", "GIT_AUTHOR_EMAIL": "anna@example.org", "GIT_COMMITTER_NAME": "Anna Author",
    "GIT_COMMITTER_EMAIL": "anna@example.org"}


class Done:
    def __init__(self, process):
        self.code, self.out, self.err = process.returncode, process.stdout, process.stderr

    @property
    def said(self):
        """What the server wrote to the author's terminal."""
        return "\n".join(line[len("remote: "):].rstrip() for line in self.err.replace("\r", "\n").split("\n")
                         if line.startswith("remote: "))


def git(folder, *arguments, check=True, environment=None, limit=60):
    done = Done(subprocess.run(["git", *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=limit,
                               env=ENVIRONMENT | (environment or {})))
    assert not check or done.code == 0, f"git {' '.join(map(str, arguments))}: {done.code}\n{done.out}{done.err}"
    return done


class Clone:
    def __init__(self, path, url, *options, environment=None):
        self.path, self.environment = pathlib.Path(path), environment
        git(self.path.parent, "clone", "-q", *options, url, self.path.name, environment=environment)
        self.git("config", "push.default", "current")

    def git(self, *arguments, **options):
        return git(self.path, *arguments, environment=self.environment, **options)

    def write(self, path, text):
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def read(self, path):
        return (self.path / path).read_text()

    def commit(self, message, **files):
        """Files: path with '/' for '__' is too clever, so pass a dictionary as files=…"""
        for path, text in files.get("files", {}).items():
            self.write(path, text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.head()

    def head(self, name="HEAD"):
        return self.git("rev-parse", name).out.strip()

    def push(self, *arguments, check=True, **options):
        return self.git("push", "origin", *(arguments or ["HEAD:main"]), check=check, **options)


class Api:
    def __init__(self, server, user=None):
        self.server, self.user = server, user

    def call(self, method, path, body=None, raw=None, headers=None):
        headers = {"Content-Type": "application/json"} | (headers or {})
        if self.user:
            headers["Authorization"] = "Basic " + base64.b64encode(self.user.encode()).decode()
        data = raw if raw is not None else (json.dumps(body).encode() if body is not None else None)
        request = urllib.request.Request(self.server.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, self.parse(answer.read())
        except urllib.error.HTTPError as answer:
            return answer.code, self.parse(answer.read())

    @staticmethod
    def parse(body):
        try:
            return json.loads(body or b"null")
        except ValueError:
            return body

    def ok(self, method, path, body=None):
        status, answer = self.call(method, path, body)
        assert status in (200, 201, 204), f"{method} {path}: {status} {answer}"
        return answer

    def prompt(self, name, text, **more):
        return self.ok("POST", f"/api/v1/prompts/{name}/versions", {"template": text, **more})

    def version(self, name, selector):
        return self.call("GET", f"/api/v1/assets/prompt/{name}/versions/{selector}")

    def text(self, name, selector):
        return self.ok("GET", f"/api/v1/prompts/{name}/versions/{selector}")["template"].strip()

    def alias(self, name, alias):
        status, answer = self.version(name, alias)
        return answer["semver"] if status == 200 else None


@pytest.fixture
def api(server):
    return Api(server)


@pytest.fixture
def clone(server, tmp_path):
    """clone() makes a new clone of the default workspace's repository."""
    count = iter(range(100))

    def make(*options, repository="prompts", user=None):
        host = server.url.replace("http://", f"http://{user}@" if user else "http://")
        folder = tmp_path / f"clone{next(count)}"
        return Clone(folder, f"{host}/git/{repository}.git", *options)

    return make


def prompt(text, **front):
    """A version file."""
    lines = "".join(f"{key}: {json.dumps(value)}\n" for key, value in front.items())
    return f"---\n{lines}---\n{text}\n" if front else f"{text}\n"
