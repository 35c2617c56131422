"""Commands that prepare an installation, and what an operator does to a server that runs."""
import json
import os
import signal
import stat
import urllib.request

from test_cli import Line

from regesta_server import Server, eventually


def test_migrate_creates_the_database_and_leaves_the_ledger_to_the_server(tmp_path):
    made = Line().json("migrate", "--data", tmp_path / "data")["made"]
    assert made[0].startswith("0001_") and made == sorted(made)
    assert Line().done("migrate", "--data", tmp_path / "data").strip() == "the database is up to date"
    assert not (tmp_path / "data" / "keys" / "ledger.key").exists()
    server = Server(tmp_path / "data").start()
    try:
        busy = Line().run("migrate", "--data", tmp_path / "data")
        assert busy.returncode == 1 and "another" in busy.stderr, busy.stderr
    finally:
        server.stop()
    assert Line().json("ledger", "verify", "--data", tmp_path / "data")["ok"]


def test_a_key_that_is_created_before_is_the_ledgers_key(tmp_path):
    key = tmp_path / "secrets" / "ledger.key"
    verifier = Line().json("ledger", "key", "create", key, "--origin", "bank.example/regesta")["verifier_key"]
    assert verifier.startswith("bank.example/regesta+") and stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    again = Line().run("ledger", "key", "create", key)
    assert again.returncode == 1 and "exists already" in again.stderr and key.read_bytes() == before
    assert Line().run("ledger", "key", "create", tmp_path / "other", "--origin", "a+b").returncode == 1
    server = Server(tmp_path / "data", "--ledger-key", str(key)).start()
    try:
        with urllib.request.urlopen(server.url + "/ledger/key") as answer:
            assert answer.read().decode().strip() == verifier
    finally:
        server.stop()


def test_the_bucket_and_its_settings_are_one_table(tmp_path):
    (tmp_path / "regesta.toml").write_text('[blobs]\nurl = "s3://bucket/content"\nregion = "eu-west-3"\n')
    settings = Line().json("config", "--config", tmp_path / "regesta.toml")
    assert settings["blobs"]["value"] == "s3://bucket/content" and settings["blobs.region"]["value"] == "eu-west-3"
    (tmp_path / "regesta.toml").write_text('[listen]\nurls = "x"\n')
    assert Line().run("config", "--config", tmp_path / "regesta.toml").returncode == 1


def test_the_access_log_is_opened_again_on_sighup(tmp_path):
    log = tmp_path / "access.log"
    server = Server(tmp_path / "data", "--access-log", str(log)).start()

    def paths(file):
        return [json.loads(line)["path"] for line in file.read_text().splitlines()] if file.exists() else []

    def get(path):
        urllib.request.urlopen(server.url + path).read()
    try:
        get("/health?before")
        eventually(lambda: paths(log) == ["/health"])
        os.rename(log, tmp_path / "access.log.1")
        server.process.send_signal(signal.SIGHUP)
        eventually(log.exists)
        get("/ready")
        eventually(lambda: paths(log) == ["/ready"])
        assert paths(tmp_path / "access.log.1") == ["/health"]
        # A folder that is gone: the old file stays in use, and the server says why.
        log.rename(tmp_path / "access.log.2")
        log.mkdir()
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: "cannot be opened again" in server.log())
        get("/health")
        eventually(lambda: paths(tmp_path / "access.log.2") == ["/ready", "/health"])
    finally:
        assert server.stop() == 0


def test_sighup_stops_a_server_without_an_access_log(tmp_path):
    server = Server(tmp_path / "data").start()
    server.process.send_signal(signal.SIGHUP)
    assert server.process.wait(60) == 0


def test_counters_of_failures_exist_before_the_first_failure(server):
    def metrics():
        with urllib.request.urlopen(server.url + "/metrics") as answer:
            return answer.read().decode().splitlines()
    for name in ("regesta_ledger_refused_entries_total", "regesta_policy_workers_lost_total"):
        eventually(lambda name=name: f"{name} 0" in metrics())
