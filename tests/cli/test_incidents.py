"""An incident from its discovery to the report, on the command line."""

import json
import os
import re
import subprocess

import pytest

from regesta_server import binary


def cli(server, *arguments, code=0):
    known = {k: v for k, v in os.environ.items() if not k.startswith("REGESTA_")}
    done = subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True, timeout=120,
                          env=known | {"REGESTA_URL": server.url, "HOME": server.data + ".home"})
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def read(server, *arguments):
    return json.loads(cli(server, *arguments, "--json"))


def notes(answer):
    return [(note["kind"], note["text"]) for note in answer["notes"]]


@pytest.fixture
def support(server, tmp_path):
    """Three versions of a prompt; production went from 1 to 2, a rollout serves 3 on 'canary'."""
    for number, text in enumerate(("Be kind.", "Be quick.", "Be brief."), 1):
        file = tmp_path / f"{number}.md"
        file.write_text(text)
        cli(server, "prompt", "create", "support", "--file", file)
    for number in (1, 2):
        cli(server, "alias", "set", "prompt/support", "production", number)
    cli(server, "alias", "set", "prompt/support", "canary", 1)
    cli(server, "rollout", "start", "support", 3, "--alias", "canary", "--steps", "10%:1h,100%")
    return server


def test_an_incident_takes_a_version_out_of_service(support):
    opened = read(support, "incident", "open", "prompt/support@production", "--reason", "invents refunds")
    assert opened["incident"]["version"] == "prompt/support@2" and opened["incident"]["status"] == "open"
    assert notes(opened) == [("rollback", "rolled 'production' back from version 2 to version 1")]
    assert opened["serving"] == [] and [one["pointer"] for one in opened["facts"]["serving"]] == ["production"]
    promotion = opened["facts"]["promotions"][0]
    assert (promotion["pointer"], promotion["from"], promotion["moved"]) == ("production", 1, True)
    refused = cli(support, "alias", "set", "prompt/support", "production", 2, code=3)
    assert "in quarantine: incident 1: invents refunds" in refused
    assert "incident 1" in cli(support, "version", "show", "prompt/support@2")
    # A rollout of a flawed version ends; one that leads away from it goes on.
    other = read(support, "incident", "open", "prompt/support@3", "--reason", "too brief", "--no-rollback")
    assert notes(other) == [("rollout", "stopped rollout 1 on 'canary'")]
    assert re.search(r"open +.*invents refunds", cli(support, "incident", "list", "--status", "open"))
    assert "incident 2 about prompt/support@3 is open already" in cli(
        support, "incident", "open", "prompt/support@3", "--reason", "again", code=1)


def test_an_incident_ends_with_a_report(support, tmp_path):
    cli(support, "incident", "open", "prompt/support@2", "--reason", "invents refunds", "--no-rollback")
    assert "still on 'production'" in cli(support, "incident", "close", 1, "--conclusion", "done", code=3)
    assert notes(read(support, "incident", "rollback", 1))[-1][0] == "rollback"
    cli(support, "incident", "note", 1, "seen in May")
    assert "another content" in cli(support, "incident", "mitigate", 1, "prompt/support@2", code=1)
    cli(support, "incident", "mitigate", 1, "prompt/support@3")
    cli(support, "alias", "set", "prompt/support", "production", 3)
    shown = cli(support, "incident", "show", 1)
    for text in ("seen in May", "prompt/support@3", "traces", "decision records", "rollback"):
        assert text in shown, shown
    said = cli(support, "incident", "close", 1, "--conclusion", "the new text forbids it", "--report")
    assert "incident 1 is resolved; its report is evidence" in said
    page = tmp_path / "incident.html"
    cli(support, "incident", "report", 1, "--format", "html", "--output", page)
    plain = cli(support, "incident", "report", 1)
    for text in (page.read_text(), plain):
        for part in ("Incident 1: prompt/support@2", "invents refunds", "the new text forbids it", "Mitigation", "seen in May"):
            assert part in text, text
    filed = read(support, "evidence", "list", "prompt/support@2")["items"]
    assert [(one["type"], one["verified"], one["origin"]) for one in filed] == [("incident-report", True, "server")]
    assert read(support, "version", "show", "prompt/support@2")["archived_at"]
    assert "quarantine" in cli(support, "alias", "set", "prompt/support", "production", 2, code=3)
    assert "was resolved by" in cli(support, "incident", "close", 1, "--conclusion", "again", code=1)


def test_a_dismissed_incident_gives_the_version_back(support):
    cli(support, "incident", "open", "prompt/support@2", "--reason", "looks wrong")
    cli(support, "incident", "close", 1, "--dismiss", "--conclusion", "a test sent the wrong text")
    cli(support, "alias", "set", "prompt/support", "production", 2)
    # Nothing earlier may be used: production stays, and the incident says so.
    cli(support, "incident", "open", "prompt/support@1", "--reason", "rude")
    left = read(support, "incident", "open", "prompt/support@2", "--reason", "invents refunds")
    kind, text = notes(left)[0]
    assert kind == "problem" and "no other version that may be used" in text
    assert [one["pointer"] for one in left["serving"]] == ["production"]
