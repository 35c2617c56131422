"""Attacks, each stated as a test. The people below live on a server of their own per test (`house`)."""

import base64
import http.client
import json
import os
import subprocess

import pytest

from regesta_server import binary

PASSWORD = "a long password"
# name: grants. The first one becomes admin of everything.
PEOPLE = {
    "root": [],
    "carl": [{"role": "contributor"}],
    "dora": [{"role": "contributor"}],
    "rex": [{"role": "reader"}],
    "rita": [{"role": "risk"}],
    "nina": [{"role": "contributor", "name_pattern": "nina-*"}],
    "wendy": [{"role": "admin", "workspace": "west"}],
    "walt": [{"role": "contributor", "workspace": "west"}],
}


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode(errors="replace")

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.text[:2000]}"


class Caller:
    """Speaks to the server as one person, as a token, or (credentials None) as nobody."""

    def __init__(self, server, credentials=None):
        self.server, self.credentials = server, credentials

    @property
    def authorization(self):
        if self.credentials is None:
            return {}
        if isinstance(self.credentials, tuple):
            return {"Authorization": "Basic " + base64.b64encode(":".join(self.credentials).encode()).decode()}
        return {"Authorization": f"Bearer {self.credentials}"}

    def call(self, method, path, body=None, headers=None, raw=None):
        """`body` is sent as JSON; `raw` as it is. Never raises for a status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        sent = dict(self.authorization)
        data = raw
        if body is not None:
            data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        sent.update(headers or {})
        try:
            connection.request(method, path, body=data, headers=sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def ok(self, method, path, body=None, **more):
        answer = self.call(method, path, body, **more)
        assert answer.status in (200, 201, 202, 204), f"{method} {path}: {answer}"
        return answer.json if answer.body else None

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.call("POST", path, body, **more)

    def prompt(self, name, template, **more):
        return self.ok("POST", f"/api/v1/prompts/{name}/versions", {"template": template, **more})

    def token(self, name, *grants):
        """A service token's secret; the caller must administer everything."""
        return self.ok("POST", "/api/v1/tokens", {"name": name, "grants": list(grants)})["token"]


class House:
    """A server with PEOPLE: house.carl.call(…), house.anonymous, house.token("ci", grant…), house.cli(…)."""

    def __init__(self, server):
        self.server = server
        self.anonymous = Caller(server)
        for name, grants in PEOPLE.items():
            setattr(self, name, Caller(server, (name, PASSWORD)))
            if name == "root":
                self.anonymous.ok("POST", "/api/v1/users", {"name": name, "password": PASSWORD})
                self.root.ok("POST", "/api/v1/workspaces", {"name": "west"})
            else:
                self.root.ok("POST", "/api/v1/users", {"name": name, "password": PASSWORD, "grants": grants})

    def token(self, name, *grants):
        return Caller(self.server, self.root.token(name, *grants))

    def guard(self, pattern, module):
        """Stores `module` (Rego text) as a policy of its own and binds it to `pattern` ('prompt/*#production')."""
        kind, _, rest = pattern.partition("/")
        name, _, pointer = rest.partition("#")
        policy = f"policy-{len(module)}-{abs(hash((pattern, module))) % 10**8}"
        self.root.ok("POST", f"/api/v1/policies/{policy}", {"modules": [{"name": "gate.rego", "text": module}]})
        return self.root.ok("POST", "/api/v1/policies/bindings",
                            {"policy": policy, "kind": kind, "name_pattern": name, "pointer": pointer})

    def cli(self, *arguments, data=None, check=False):
        """The program's command line, as nobody in particular; `data` appends --data of the server."""
        process = subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True, timeout=120,
                                 env=os.environ | {"REGESTA_URL": self.server.url, "HOME": self.server.data + ".home"})
        assert not check or process.returncode == 0, process.stdout + process.stderr
        return process


# Needs one approval in the role risk, by somebody other than the author.
FOUR_EYES = """package regesta.gate
require contains {"code": "risk", "msg": "a risk officer approves",
  "approvals": {"role": "risk", "count": 1, "not_author": true}}
"""
# Refuses versions whose description says BAD.
NO_BAD = """package regesta.gate
deny contains {"code": "bad", "msg": "the description says BAD"} if contains(input.candidate.description, "BAD")
"""


@pytest.fixture
def house(server):
    return House(server)


def git_push(house, person, folder, files, *refspecs, tags=()):
    """Clones the default workspace's repository as `person`, commits the files and pushes. Returns the push's process."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
                   "GIT_TERMINAL_PROMPT": "0", "GIT_AUTHOR_NAME": person, "GIT_AUTHOR_EMAIL": f"{person}@example.org",
                   "GIT_COMMITTER_NAME": person, "GIT_COMMITTER_EMAIL": f"{person}@example.org"}

    def git(*arguments, check=True):
        process = subprocess.run(["git", *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=60,
                                 env=environment)
        assert not check or process.returncode == 0, process.stderr
        return process

    work = folder / "work"
    url = house.server.url.replace("//", f"//{person}:{PASSWORD.replace(' ', '%20')}@") + "/git/prompts.git"
    if not work.exists():
        git("clone", "-q", url, work)
    else:
        git("-C", work, "pull", "-q", "--ff-only", "origin", "main")
    for path, text in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text(text)
    if files:
        git("-C", work, "add", "-A")
        git("-C", work, "commit", "-q", "-m", "by " + person)
    for tag in tags:
        git("-C", work, "tag", "-f", tag)
    return git("-C", work, "push", "origin", *(refspecs or ["HEAD:main"]), check=False)
