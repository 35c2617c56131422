"""The ledger, receipts, backups and their verification, on the command line."""

import os
import pathlib
import sqlite3
import stat
import subprocess
import tempfile
import urllib.request

import pytest
from test_cli import Line

from regesta_server import ROOT, Server


@pytest.fixture
def cli(server, tmp_path):
    return Line(server.url, tmp_path / "config")


def test_what_is_deleted_is_verified_as_deleted(cli, server):
    for text in ("one {{a}}", "two {{a}}"):
        cli.done("prompt", "create", "letter", "--template", text)
    cli.done("version", "delete", "prompt/letter@1", "--yes")
    assert Line().json("ledger", "verify", "--data", server.data)["ok"]


def test_receipts_backups_and_verification(cli, server, tmp_path):
    for text in ("one", "two"):
        (tmp_path / "data.txt").write_text(text)
        cli.done("version", "create", "artifact/x", "--file", tmp_path / "data.txt")
    cli.done("alias", "set", "artifact/x", "live", "1")
    server.settle()
    entry = cli.json("history", "artifact/x#live")["items"][0]["entry_index"]
    assert "artifact/x#live pointed to version 1" in cli.done("history", "artifact/x#live", "--at", "2999-01-01T00:00:00Z")
    assert "pointed to no version" in cli.done("history", "artifact/x#live", "--at", "2001-01-01T00:00:00Z")
    assert cli.json("lineage", "artifact/x@1", "--at", "2001-01-01T00:00:00Z")["edges"] == []
    assert cli.run("history", "artifact/x#live", "--at", "yesterday").returncode == 1
    base = tmp_path / "receipt"
    cli.done("ledger", "receipt", entry, "--output", base)
    check = ["ledger", "verify", "--receipt", f"{base}.tlog-proof", "--key", f"{base}.vkey", "--entry"]
    assert "alias.moved on artifact/x#live" in Line().done(*check, f"{base}.json")
    (tmp_path / "forged.json").write_text(pathlib.Path(f"{base}.json").read_text().replace('"to":1', '"to":2'))
    forged = Line().run(*check, tmp_path / "forged.json")
    assert forged.returncode == 5, forged.stdout + forged.stderr

    Line().done("backup", tmp_path / "copy", "--data", server.data)
    assert Line().run("backup", tmp_path / "copy", "--data", server.data).returncode == 1, "never over an older one"
    assert Line().json("ledger", "verify", "--data", tmp_path / "copy", "--key", f"{base}.vkey")["ok"]
    Line().done("ledger", "verify", "--tiles", tmp_path / "copy" / "ledger", "--key", f"{base}.vkey")
    Line().done("ledger", "verify", "--data", server.data)

    assert Line().run("restore", tmp_path / "copy", "--data", server.data).returncode == 1, "never into a full directory"
    Line().done("restore", tmp_path / "copy", "--data", tmp_path / "again")
    assert stat.S_IMODE((tmp_path / "again" / "keys" / "ledger.key").stat().st_mode) == 0o600
    assert Line().json("ledger", "verify", "--data", tmp_path / "again")["ok"]

    database = sqlite3.connect(tmp_path / "again" / "regesta.db", isolation_level=None)
    database.execute("UPDATE alias SET number = 2 WHERE name = 'live'")
    database.close()
    found = Line().run("ledger", "verify", "--data", tmp_path / "again")
    assert found.returncode == 5 and "artifact/x#live" in found.stdout, found.stdout

    with open(tmp_path / "copy" / "regesta.db", "r+b") as file:
        file.seek(2000)
        file.write(b"\xff\xff")
    damaged = Line().run("restore", tmp_path / "copy", "--data", tmp_path / "third")
    assert damaged.returncode == 5 and "regesta.db" in damaged.stderr
    assert not (tmp_path / "third").exists() and not list(tmp_path.glob("third*")), "nothing is left behind"


def test_state_in_postgresql_is_verified_offline():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # as root the cluster runs as another user, who must get through
        data, cluster = pathlib.Path(folder) / "data", pathlib.Path(folder) / "postgres"
        postgres = lambda word: subprocess.run([ROOT / "tools" / "postgres", word, cluster], check=True, capture_output=True, text=True)
        url = postgres("start").stdout.strip()
        try:
            server = Server(data, "--db", url).start()
            cli = Line(server.url, folder)
            for name in ("one", "two"):
                cli.done("model", "create", name, "-m", "about " + name)
            key = urllib.request.urlopen(server.url + "/ledger/key").read().decode().strip()
            assert server.stop() == 0
            verify = lambda *words: Line().run("ledger", "verify", *words)
            assert "verified: 2 entries and their tiles" in verify("--data", data, "--db", url).stdout
            sql = lambda text: subprocess.run(["psql", "-qd", url, "-c", text], check=True)
            sql("CREATE ROLE auditor LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO auditor")
            reader = verify("--db", url.replace("//regesta@", "//auditor@"), "--key", key)
            assert reader.returncode == 0, "an auditor needs no data directory and no right to write: " + reader.stderr
            missing = verify("--data", data)
            assert missing.returncode == 4 and "--db postgres://" in missing.stderr, missing.stderr
            assert "--key" in verify("--db", url).stderr
            sql("UPDATE asset SET created_by = 'user:eve' WHERE name = 'two'")
            found = verify("--data", data, "--db", url)
            assert found.returncode == 5 and "model/two" in found.stdout, found.stdout
            empty = url.replace("@/regesta", "@/postgres")
            assert "no Regesta state" in verify("--db", empty, "--key", key).stderr
        finally:
            postgres("stop")


def test_a_backup_of_a_restored_directory_serves(cli, server, tmp_path):
    cli.done("model", "create", "kept", "-m", "here to stay")
    Line().done("backup", tmp_path / "copy", "--data", server.data)
    Line().done("restore", tmp_path / "copy", "--data", tmp_path / "again")
    second = Server(tmp_path / "again").start()
    try:
        assert [item["name"] for item in Line(second.url).json("model", "list")["items"]] == ["kept"]
        Line(second.url).done("model", "create", "new")
    finally:
        assert second.stop() == 0
    assert Line().json("ledger", "verify", "--data", tmp_path / "again")["ok"]
