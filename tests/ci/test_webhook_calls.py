"""Webhooks that call the APIs of other programs directly: GitHub's repository dispatch, Slack, JIRA."""

import json

import pytest
from http_receiver import Receiver

from conftest import Company
from regesta_server import Server, eventually


@pytest.fixture
def receiver():
    running = Receiver()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    folder = tmp_path_factory.mktemp("team")
    server = Server(folder / "data", "--webhooks-allow", "127.0.0.1").start()
    yield Company(server, folder)
    assert server.stop() == 0, server.log()[-4000:]


DISPATCH = {"event_type": "regesta-{{type}}", "client_payload": {"subject": "{{subject}}", "name": "{{name}}", "entry": "{{index}}",
                                                                 "data": "{{data}}"}}


def test_a_moved_alias_dispatches_a_workflow(team, receiver, tmp_path):
    (tmp_path / "dispatch.json").write_text(json.dumps(DISPATCH))
    made = team.root.run("webhook", "create", receiver.url + "/repos/bank/loan/dispatches", "--action", "alias.moved", "--kind", "model",
                         "--header", "Authorization: Bearer ghp_secret", "--header", "Accept: application/vnd.github+json",
                         "--header", "X-GitHub-Api-Version: 2022-11-28", "--template", tmp_path / "dispatch.json", "--json")
    assert made.returncode == 0, made.stderr
    webhook = json.loads(made.stdout)
    assert webhook["headers"] == ["Accept", "Authorization", "X-GitHub-Api-Version"] and "ghp_secret" not in made.stdout
    team.ci.done("version", "create", "artifact/report", "--source", "s3://b/1")
    team.ci.done("promote", "artifact/report@1", "-m", "another kind")
    team.ci.done("version", "create", "model/loan", "--source", "s3://b/1")
    team.ci.done("promote", "loan@1", "-m", 'because "{{type}}", "evil": true')
    path, headers, body = eventually(lambda: receiver.got)[0]
    assert path == "/repos/bank/loan/dispatches" and len(receiver.got) == 1, "only models"
    assert headers["Authorization"] == "Bearer ghp_secret" and headers["Accept"] == "application/vnd.github+json"
    assert headers["Content-Type"] == "application/json" and headers["webhook-signature"].startswith("v1,")
    assert set(body) == {"event_type", "client_payload"} and body["event_type"] == "regesta-alias.moved"
    payload = body["client_payload"]
    assert payload["name"] == "loan" and isinstance(payload["entry"], int)
    assert payload["data"]["reason"] == 'because "{{type}}", "evil": true', "what an event says stays text"

    team.server.settle()
    listed = json.dumps([team.root.json("ledger", "list"), team.root.json("webhook", "list")])
    assert "ghp_secret" not in listed and "Authorization" in listed
    assert "ghp_secret" not in team.server.log()
    # Credentials for one receiver are not sent to another one.
    moved = team.root.json("webhook", "change", webhook["id"], "--url-to", receiver.url + "/elsewhere")
    assert moved["headers"] == [] and moved["template"]
    team.root.done("webhook", "delete", webhook["id"])


def test_a_chat_message(team, receiver, tmp_path):
    (tmp_path / "slack.json").write_text('{"text": "{{actor}}: {{type}} {{subject}}", "unfurl_links": false}')
    made = team.root.json("webhook", "create", receiver.url + "/services/T/B/x", "--action", "alias.*", "--template", tmp_path / "slack.json")
    assert team.root.json("webhook", "test", made["id"])["delivered"]
    assert receiver.got[0][2] == {"text": f"user:root: webhook.test webhook/{made['id']}", "unfurl_links": False}
    team.root.done("webhook", "delete", made["id"])


@pytest.mark.parametrize("words, why", [
    (["--header", "Host: evil"], "must not set Host"), (["--header", "no colon"], "--header is written"), (["--kind", "modle"], "kinds")])
def test_what_cannot_be_sent_is_refused(team, words, why):
    got = team.root.run("webhook", "create", "http://127.0.0.1:9/x", *words)
    assert got.returncode != 0 and why in got.stderr


# The same rule with the bodies that GitHub, GitLab and Airflow want.
CALLS = {
    "/repos/bank/loan/dispatches": ({"event_type": "regesta", "client_payload": {"subject": "{{subject}}", "version": "{{version}}"}},
                                    {"event_type": "regesta", "client_payload": {"subject": "model/called@1", "version": "1"}}),
    "/api/v4/projects/7/trigger/pipeline": ({"token": "t", "ref": "main", "variables": {"MODEL": "{{name}}"}},
                                            {"token": "t", "ref": "main", "variables": {"MODEL": "called"}}),
    "/api/v1/dags/train/dagRuns": ({"conf": {"subject": "{{subject}}"}}, {"conf": {"subject": "model/called@1"}}),
}


def test_a_trigger_starts_pipelines_elsewhere(team, receiver, tmp_path):
    """A condition that webhooks do not have, and an entry that says what was started."""
    for number, (path, (template, _)) in enumerate(CALLS.items()):
        (tmp_path / "body.json").write_text(json.dumps(template))
        made = team.root.json("webhook", "create", receiver.url + path, "--action", "none", "--template", tmp_path / "body.json")
        (tmp_path / "trigger.yaml").write_text(
            f"name: call-{number}\non: {{action: version.created, kind: model, names: called}}\n"
            f"when: input.version != \"2\"\nwebhook: {made['id']}\n")
        team.root.done("trigger", "apply", tmp_path / "trigger.yaml")
    team.ci.done("version", "create", "model/called", "--source", "s3://b/1")
    team.ci.done("version", "create", "model/called", "--source", "s3://b/2")
    eventually(lambda: len(receiver.got) == len(CALLS))
    assert {path: body for path, _, body in receiver.got} == {path: wanted for path, (_, wanted) in CALLS.items()}
    fired = eventually(lambda: [f for f in team.root.json("trigger", "show", "call-0")["firings"] if f["outcome"] == "started"])
    assert [f["subject"] for f in fired] == ["model/called@1"]
