"""A server with people and a policy, JIRA sites, and the people's clients of both."""

import base64
import json
import os
import pathlib
import subprocess
import sys
import urllib.request

import atlassian
import jira as jira_client
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from jira_server import Jira

from regesta_server import Server, binary, eventually

PASSWORD = "correct horse battery"
SECRET = "a secret of the webhook, long enough"
POLICY = """package regesta.gate

require contains {"code": "risk", "msg": "risk agrees", "remediation": "regesta approve <id> --role risk",
  "approvals": {"role": "risk", "count": 1, "not_author": true, "not_requester": true}} if input.pointer.alias == "production"
require contains {"code": "both", "msg": "two of risk agree",
  "approvals": {"role": "risk", "count": 2, "not_author": true}} if input.pointer.alias == "critical"
"""


class Line:
    """The command line of one person."""

    def __init__(self, url, folder, **environment):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("REGESTA_") or key == "REGESTA_BINARY"}
        self.environment = clean | {"REGESTA_URL": url, "XDG_CONFIG_HOME": str(folder / "no-config")} | environment
        self.folder = folder

    def run(self, *words):
        return subprocess.run([binary(), *map(str, words)], env=self.environment, capture_output=True, text=True, timeout=120,
                              cwd=self.folder)

    def done(self, *words):
        got = self.run(*words)
        assert got.returncode == 0, (words, got.stdout, got.stderr)
        return got.stdout

    def json(self, *words):
        return json.loads(self.done(*words, "--json"))


class Bank:
    """root administers; carl registers and requests; rita and ron hold the role risk; dave contributes and holds risk, too."""

    PEOPLE = {"carl": ["contributor"], "rita": ["reader", "risk"], "ron": ["reader", "risk"], "dave": ["contributor", "risk"],
              "rex": ["reader"]}

    def __init__(self, folder, *options):
        self.folder = folder
        self.server = Server(folder / "data", "--webhooks-allow", "127.0.0.1", *options).start()
        Line(self.server.url, folder).done("user", "create", "root", "--password", PASSWORD)
        self.root = self.line("root")
        for name, roles in self.PEOPLE.items():
            grants = [word for role in roles for word in ("--grant", role)]
            self.root.done("user", "create", name, "--password", PASSWORD, *grants)
            setattr(self, name, self.line(name))
        (folder / "gate.rego").write_text(POLICY)
        self.root.done("policy", "push", "gate", folder / "gate.rego")
        for pointer in ("production", "critical"):
            self.root.done("policy", "bind", "gate", f"model/*#{pointer}")

    def line(self, name):
        return Line(self.server.url, self.folder, REGESTA_USER=name, REGESTA_PASSWORD=PASSWORD)

    def connect(self, site, *options, name="jira", poll=1):
        """The connection of the site's bot, with everybody of `site.people` mapped."""
        (self.folder / "token").write_text(site.bot.token + "\n")
        (self.folder / "secret").write_text(SECRET)
        words = ["connection", "set", name, "--type", "jira", "--url-to", site.url, "--project", "ML", "--token-file", "token",
                 "--webhook-secret-file", "secret", "--poll", poll, "--status", "open=In Review", "--status", "applied=Done",
                 "--edition", "cloud" if site.cloud else "data-center"]
        if site.cloud:
            words += ["--user", site.bot.login]
        for user, account in site.people.items():
            words += ["--map", f"{account.id}={user}"]
        return self.root.json(*words, *options)

    def request(self, name="loan", by=None, alias="production", reason="better accuracy"):
        """Id of a new change request for a new version."""
        by = by or self.carl
        number = by.json("version", "create", f"model/{name}", "-m", "a candidate", "--source", "s3://bucket/x")["version"]
        by.run("promote", f"{name}@{number}", "--to", alias, "-m", reason)
        return self.newest()

    def newest(self):
        return self.root.json("request", "list")["items"][0]["id"]

    def shown(self, request):
        return self.root.json("request", "show", request)

    def raw(self, method, path, body=None, user="root"):
        data = None if body is None else json.dumps(body).encode()
        call = urllib.request.Request(self.server.url + path, data, {"Content-Type": "application/json"}, method=method)
        call.add_header("Authorization", "Basic " + base64.b64encode(f"{user}:{PASSWORD}".encode()).decode())
        with urllib.request.urlopen(call, timeout=60) as answer:
            return answer.read()

    def call(self, method, path, body=None, user="root"):
        return json.loads(self.raw(method, path, body, user))

    def refused(self, method, path, body=None, user="root"):
        """Status and message."""
        with pytest.raises(urllib.error.HTTPError) as caught:
            self.raw(method, path, body, user)
        return caught.value.code, json.load(caught.value)["error"]["message"]

    def comments(self, request):
        return self.call("GET", f"/api/v1/change-requests/{request}/comments?page_size=1000")["items"]

    def ledger(self, action):
        self.server.settle()
        listed = self.root.json("ledger", "list", "--action", action, "--limit", 1000)
        return listed["items"]

    def connection(self, name="jira"):
        return self.root.json("connection", "show", name)


def site_with_people(cloud, **more):
    site = Jira(cloud=cloud, **more)
    site.people = {user: site.account(f"{user}@bank.example", f"acc-{user}-{'5b' if cloud else 'JIRAUSER1'}", user.title())
                   for user in ("carl", "rita", "ron", "dave")}
    site.mallory = site.account("mallory@bank.example", "acc-mallory", "Mallory")
    return site


@pytest.fixture(params=["cloud", "data-center"])
def site(request):
    made = site_with_people(request.param == "cloud", skew=3600.5)
    yield made
    made.down = False
    made.stop()
    assert not made.schema_errors, made.schema_errors


@pytest.fixture
def cloud():
    made = site_with_people(True)
    yield made
    made.stop()
    assert not made.schema_errors, made.schema_errors


@pytest.fixture
def bank(tmp_path):
    made = Bank(tmp_path)
    yield made
    assert made.server.stop() == 0, made.server.log()[-4000:]


def person(site, account):
    """The client `jira` as one person."""
    if site.cloud:
        return jira_client.JIRA(server=site.url, basic_auth=(account.login, account.token), max_retries=0)
    return jira_client.JIRA(server=site.url, token_auth=account.token, max_retries=0)


def other_person(site, account):
    """The client `atlassian-python-api` as one person."""
    if site.cloud:
        return atlassian.Jira(site.url, username=account.login, password=account.token, cloud=True)
    return atlassian.Jira(site.url, token=account.token, cloud=False)


def ticket(bank, request, seconds=60):
    """The key of the request's issue, once it is complete."""
    def complete():
        tickets = bank.shown(request)["tickets"]
        return tickets and tickets[0]["key"]
    return eventually(complete, seconds)


def status(site, key):
    return site.find(key)["status"]


def texts(site, key):
    from jira_server import text_of
    return [text_of(comment["body"]) for comment in site.find(key)["comments"]]


def review(site, account, key, to):
    """Moves the issue with the real client."""
    client = person(site, account)
    client.transition_issue(key, f"to {to}")
