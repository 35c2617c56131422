"""The commands of docs/operate, as they are printed."""
import json
import os
import re
import subprocess

import pytest
from topology import CLEAN, PASSWORD, call, create, resolve, set_alias

from pages import blocks, commands
from regesta_server import ROOT, Server, binary, eventually

PAGES = ROOT / "docs" / "operate"


def run(text, folder, environment):
    done = subprocess.run(["bash", "-c", text], cwd=folder, capture_output=True, text=True, timeout=120, env=environment, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, (text, done.stdout, done.stderr)
    return done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path):
    """An empty folder whose commands find the program, with a password for the commands that ask for one."""
    place = tmp_path / "empty"
    place.mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "password").write_text(PASSWORD + "\n")
    wrapper = tmp_path / "bin" / "regesta"
    wrapper.write_text(f'#!/bin/sh\ncase "$1 $2" in "user create"|"login "*) exec {binary()} "$@" <{tmp_path}/password;; esac\nexec {binary()} "$@"\n')
    wrapper.chmod(0o755)
    return place


def environment(folder, server=None):
    found = CLEAN | {"PATH": f"{folder.parent}/bin:{os.environ['PATH']}", "HOME": str(folder.parent), "XDG_CONFIG_HOME": str(folder.parent / "config")}
    return found | ({"REGESTA_URL": server.url} if server else {})


@pytest.mark.parametrize("page, heading", [("upgrade", "One server"), ("backup", "SQLite and a folder"), ("secure", "First user"),
                                           ("secure", "Checklist"), ("troubleshoot", "A disk is full")])
def test_the_commands_of_a_page(server, folder, page, heading):
    (folder / "regesta-data").symlink_to(server.data)
    for kind, block, _ in blocks(f"docs/operate/{page}.md", heading):
        for command in commands(block) if kind == "sh" else ():
            run(command, folder, environment(folder, server))


def test_the_first_commands_of_troubleshooting(server, folder):
    text = (PAGES / "troubleshoot.md").read_text()
    for command in re.search(r"```sh\n(.*?)```", text, re.S).group(1).strip().splitlines():
        run(command.replace("http://127.0.0.1:4600", server.url), folder, environment(folder, server))


def test_the_timer_of_the_backup(folder, tmp_path):
    """The line that systemd starts, with its doubled percent signs."""
    unit = re.search(r"ExecStart=(.*)", (PAGES / "backup.md").read_text()).group(1)
    data = Server(tmp_path / "data").start()
    try:
        line = unit.replace("%%", "%").replace("/var/backups/regesta", str(tmp_path / "backups")).replace("/var/lib/regesta", data.data)
        (tmp_path / "backups").mkdir()
        run(line, folder, environment(folder, data))
        [made] = (tmp_path / "backups").iterdir()
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", made.name) and (made / "keys" / "ledger.key").exists()
    finally:
        assert data.stop() == 0


def test_back_up_and_restore_postgresql_with_a_bucket(topology, folder, tmp_path):
    assert topology.prepare(topology.one.data, REGESTA_LEDGER_KEY="").returncode == 0
    topology.key = ""
    one = topology.one.start()
    create(one, "Hello")
    set_alias(one, 1)
    digest = json.loads(call(one.url + "/api/v1/blobs", "PUT", b"content" * 5000))["digest"]
    key = call(one.url + "/ledger/key")
    size = eventually(lambda: (head := call(one.url + "/ledger/checkpoint").split()[1]) == (one.data / "keys" / "ledger.head").read_bytes().split()[1] and head)
    restored = topology.postgres.url.replace("@/regesta?", "@/restored?")
    variables = environment(folder) | {"REGESTA_DB": topology.postgres.url, "RESTORED_DB": restored,
                                       "POSTGRES_ADMIN": topology.postgres.url.replace("/regesta?", "/postgres?")}

    def adapt(text):
        return text.replace("/var/lib/regesta", str(one.data))
    sections = list(blocks("docs/operate/backup.md", "PostgreSQL and a bucket"))
    # The section has its subsection "Restore", before which all servers are stopped.
    for number, (kind, block, _) in enumerate(sections):
        assert kind == "sh"
        if number == 1:
            set_alias(one, 1)
            create(one, "Hello again")
            assert one.stop() == 0
        for command in commands(block):
            run(adapt(command), folder, variables)
    topology.two.data = folder / "restored"
    topology.postgres.url = restored
    again = topology.two.start()
    assert resolve(again) == "Hello" and call(again.url + "/ledger/key") == key
    assert call(f"{again.url}/api/v1/blobs/{digest}") == b"content" * 5000
    assert int(call(again.url + "/ledger/checkpoint").split()[1]) >= int(size)
    versions = json.loads(call(f"{again.url}/api/v1/assets/prompt/greeting/versions"))["items"]
    assert len(versions) == 1  # what came after the dump is not there
    # A server that kept a newer checkpoint than the dump has refuses to start.
    refused = subprocess.run([binary(), "serve", "--config", str(topology.settings)], capture_output=True, text=True, timeout=60,
                             env=topology.environment("one", one.data, "127.0.0.1:0"))
    assert refused.returncode == 5 and "but the database has only" in refused.stderr, refused.stderr


def test_a_server_refuses_a_database_of_a_newer_version(server, folder):
    import sqlite3
    server.stop()
    with sqlite3.connect(f"{server.data}/regesta.db") as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(schema_migration)")]
        database.execute(f"INSERT INTO schema_migration SELECT {', '.join(chr(39) + '9999_later' + chr(39) if c == 'name' else c for c in columns)} "
                         "FROM schema_migration LIMIT 1")
    refused = subprocess.run([binary(), "serve", "--data", server.data, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1 and "written by a newer version of Regesta" in refused.stderr
    server.process.returncode = 0


def test_pages_name_settings_and_commands_that_exist():
    """Commands in tables and text are not run; each must at least be one of the reference."""
    reference = (ROOT / "docs" / "cli.md").read_text()
    known = set(re.findall(r"^#{2,3} (\S.*)$", reference, re.M))
    for page in PAGES.glob("*.md"):
        for words in re.findall(r"`regesta ([a-z][a-z -]*[a-z])", page.read_text()):
            parts = words.split()
            assert parts[0] in known or " ".join(parts[:2]) in known, (page.name, words)
        for setting in re.findall(r"`((?:blobs|quota|tls|ledger|oidc|webhooks)\.[a-z.-]+[a-z])`", page.read_text()):
            assert f"--{setting.replace('.', '-')} " in reference or setting.endswith((".key", ".head")), (page.name, setting)
