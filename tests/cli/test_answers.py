"""What the command line answers about history, entries, evidence and requests, as a person who relies on it reads it."""

import datetime
import json
import sqlite3
import time

import pytest
from test_cli import Line

from regesta_server import Server

GATE = """package regesta.gate
require contains {"code": "card", "msg": "a model card exists", "evidence": {"type": "card"}}
"""


@pytest.fixture
def cli(server, tmp_path):
    return Line(server.url, tmp_path / "config")


def two_versions(cli, asset):
    for text in ("one", "two"):
        cli.done("version", "create", asset, "--description", text, "--source", f"s3://bucket/{text}")


def now():
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_history_at_a_time_tells_the_rollout_of_that_time(cli, tmp_path):
    for text in ("Hello {{name}}", "Dear {{name}}"):
        file = tmp_path / "p.txt"
        file.write_text(text)
        cli.done("prompt", "create", "greeting", "--file", file)
    cli.done("promote", "prompt/greeting@1")
    before = now()
    time.sleep(0.01)
    cli.done("rollout", "start", "greeting", "2")
    during = now()
    time.sleep(0.01)
    cli.done("rollout", "stop", "greeting", "1")
    assert "rollout" not in cli.json("history", "prompt/greeting", "--at", before)
    rollout = cli.json("history", "prompt/greeting", "--at", during)["rollout"]
    assert (rollout["versions"], rollout["weight"], rollout["status"]) == ([2], 10, "running")
    assert "10% of keys got version 2" in cli.done("history", "prompt/greeting", "--at", during)
    assert "rollout" not in cli.json("history", "prompt/greeting", "--at", now())


def test_a_refusal_names_its_ledger_entry(cli, tmp_path):
    two_versions(cli, "model/loan")
    (tmp_path / "gate.rego").write_text(GATE)
    cli.done("policy", "push", "gate", tmp_path / "gate.rego")
    cli.done("policy", "bind", "gate", "model/*#production")
    got = cli.run("promote", "loan@1", "--json")
    assert got.returncode == 3
    entry = json.loads(got.stdout or got.stderr)["error"]["detail"]["entry"]
    assert cli.json("ledger", "show", entry)["body"]["action"] == "change-request.opened"


def test_promote_takes_a_stage_as_history_and_rollback_do(cli):
    two_versions(cli, "model/loan")
    assert "loan#stage:Production now points to version 1" in cli.done("promote", "loan@1", "--to", "stage:Production")
    cli.done("promote", "loan@2", "--to", "stage:Production")
    assert "version 1" in cli.done("rollback", "model/loan#stage:Production")


def test_an_alias_on_an_archived_version_is_a_warning(cli):
    two_versions(cli, "model/loan")
    assert "warning" not in cli.done("promote", "loan@1")
    for words in (["promote", "loan@1", "--to", "stage:Archived"], ["promote", "loan@1"]):
        assert "warning: version 1 is in stage Archived, and alias 'production' points to it" in cli.done(*words)


def test_ledger_list_begins_with_the_newest_and_takes_times(cli, server):
    two_versions(cli, "model/loan")
    time.sleep(0.01)
    moment = now()
    time.sleep(0.01)
    cli.done("promote", "loan@1")
    server.settle()
    entries = cli.json("ledger", "list", "-n", "2")["items"]
    assert entries[0]["index"] == entries[1]["index"] + 1 and entries[0]["body"]["action"] == "alias.moved"
    assert [e["body"]["action"] for e in cli.json("ledger", "list", "--since", moment)["items"]] == ["alias.moved"]
    assert "alias.moved" not in cli.done("ledger", "list", "--until", moment)
    assert cli.json("ledger", "list", "--oldest", "-n", "1")["items"][0]["index"] == 0


def test_evidence_list_reads_as_words(cli, tmp_path):
    two_versions(cli, "model/loan")
    (tmp_path / "card.md").write_text("# Card\n\nFor credit decisions.")
    cli.done("evidence", "add", "loan@1", "--type", "card", "--file", tmp_path / "card.md")
    assert "{" not in cli.done("evidence", "list", "loan")


def test_request_show_has_the_comments(cli, tmp_path):
    two_versions(cli, "model/loan")
    (tmp_path / "gate.rego").write_text(GATE)
    cli.done("policy", "push", "gate", tmp_path / "gate.rego")
    cli.done("policy", "bind", "gate", "model/*#production")
    assert cli.run("promote", "loan@1").returncode == 3
    cli.done("request", "comment", "1", "-m", "is the holdout from this year?")
    assert "is the holdout from this year?" in cli.done("request", "show", "1")


@pytest.mark.parametrize("role, known", [("maintainer", "admin"), ("owner", "admin"), ("viewer", "reader"), ("editor", "contributor")])
def test_a_role_of_another_product_does_not_become_an_approval_role(cli, role, known):
    got = cli.run("token", "create", "ci", "--grant", role)
    assert got.returncode == 1 and f"use {known}" in got.stderr


def test_doctor_does_not_call_a_directory_broken_after_a_failed_start(server, tmp_path):
    cli = Line(server.url)
    other = Server(tmp_path / "other").start()
    other.stop()
    (tmp_path / "other" / "regesta.db").unlink()
    sqlite3.connect(tmp_path / "other" / "regesta.db").execute("PRAGMA user_version = 0").connection.close()
    (tmp_path / "other" / "regesta.db").touch()
    got = cli.run("doctor", "--data", tmp_path / "other")
    assert got.returncode == 0 and "regesta serve" in got.stdout, got.stdout + got.stderr


def test_the_database_setting_is_checked_before_anything_is_created(cli, tmp_path):
    for command in ("serve", "migrate"):
        got = cli.run(command, "--data", tmp_path / "new", "--db", "mysql://anna:secret@host/db")
        assert got.returncode == 1 and "not mysql://" in got.stderr and "secret" not in got.stderr
        assert not (tmp_path / "new").exists()


def test_a_file_that_cannot_be_read_says_why(cli, tmp_path):
    got = cli.run("card", "render", tmp_path / "absent.md")
    assert got.returncode == 4 and "absent.md: No such file or directory" in got.stderr and "usage" not in got.stderr
    got = cli.run("card", "render", tmp_path)
    assert got.returncode == 1 and "Is a directory" in got.stderr and "usage" not in got.stderr
    got = cli.run("ledger", "verify", "--data", tmp_path, "--witness", "missing.vkey")
    assert got.returncode == 2 and "--witness: the file missing.vkey does not exist" in got.stderr


def test_a_mistyped_event_is_refused_with_the_nearest(cli):
    got = cli.run("webhook", "create", "http://127.0.0.1:1/hook", "--action", "version.creatd")
    assert got.returncode == 1 and "no ledger action matches 'version.creatd'; did you mean 'version.created'?" in got.stderr
    assert cli.done("webhook", "create", "http://127.0.0.1:1/hook", "--action", "none").startswith("whsec_")


def test_what_does_not_exist_names_the_next_step(cli):
    got = cli.run("policy", "unbind", "mine")
    assert got.returncode == 2 and "regesta policy bindings" in got.stderr
    got = cli.run("policy", "show", "absent")
    assert got.returncode == 4 and "list policies: regesta policy list" in got.stderr
    two_versions(cli, "model/loan-risk")
    cli.done("alias", "set", "model/loan-risk", "production", "2")
    got = cli.run("version", "show", "model/loan-risk@prodution")
    assert got.returncode == 4 and "did you mean 'production'?" in got.stderr
    got = cli.run("rollback", "model/loan-risk#production")
    assert got.returncode == 1 and "regesta alias set model/loan-risk production VERSION" in got.stderr
