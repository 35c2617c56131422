"""A server with people, a CI token and a policy, and the command line as a pipeline calls it."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from regesta_server import Server, binary

FOLDER = pathlib.Path(__file__).resolve().parent
PASSWORD = "correct horse battery"

# Denies what is described as bad; warns of what has no tag; asks for one approval by risk.
POLICY = """package regesta.gate

deny contains {"code": "bad", "msg": sprintf("this one says: %s", [input.candidate.description]),
  "remediation": "train it again, with <b>care</b> & |pipes|"} if startswith(input.candidate.description, "bad")

warn contains {"code": "untagged", "msg": "there is no tag 'team'"} if not input.candidate.tags.team

require contains {"code": "risk", "msg": "risk agrees", "remediation": "regesta approve <id> --role risk",
  "approvals": {"role": "risk", "count": 1, "not_author": true}} if input.pointer.alias == "production"
"""


class Line:
    """The command line of one caller. What it is given as environment is all that it knows of the server."""

    def __init__(self, url, folder, **environment):
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("REGESTA_", "GITHUB_", "CI_"))}
        self.environment = clean | {"REGESTA_URL": url, "XDG_CONFIG_HOME": str(folder / "no-config")} | environment
        self.folder = folder

    def start(self, *words, **more):
        return subprocess.Popen([binary(), *map(str, words)], env=self.environment | more, text=True, cwd=self.folder,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *words, **more):
        return subprocess.run([binary(), *map(str, words)], env=self.environment | more, capture_output=True, text=True,
                              timeout=120, cwd=self.folder)

    def done(self, *words):
        got = self.run(*words)
        assert got.returncode == 0, (words, got.stdout, got.stderr)
        return got.stdout

    def json(self, *words):
        return json.loads(self.done(*words, "--json"))


class Company:
    """Callers of one server: root (administrator), rita (risk), and ci, a token that contributes."""

    def __init__(self, server, folder):
        self.server = server
        Line(server.url, folder).done("user", "create", "root", "--password", PASSWORD)
        self.root = Line(server.url, folder, REGESTA_USER="root", REGESTA_PASSWORD=PASSWORD)
        self.root.done("user", "create", "rita", "--password", PASSWORD, "--grant", "reader", "--grant", "risk")
        self.rita = Line(server.url, folder, REGESTA_USER="rita", REGESTA_PASSWORD=PASSWORD)
        self.token = self.root.done("token", "create", "ci", "--grant", "contributor").strip()
        self.ci = Line(server.url, folder, REGESTA_TOKEN=self.token)

    def protect(self, folder, policy=POLICY, pointer="model/*#production"):
        (folder / "gate.rego").write_text(policy)
        self.root.done("policy", "push", "gate", folder / "gate.rego")
        self.root.done("policy", "bind", "gate", pointer)

    def version(self, description="good", tag="team=ml"):
        made = self.ci.json("version", "create", "model/loan", "-m", description, "--source", "s3://bucket/x", "-t", tag)
        return made["version"]


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("company")
    server = Server(folder / "data").start()
    made = Company(server, folder)
    made.protect(folder)
    yield made
    assert server.stop() == 0, server.log()[-4000:]
