"""An administrator of the database with a grudge changes not rows but what the database makes of them."""

import os
import pathlib
import sqlite3
import subprocess
import tempfile

import pytest

from conftest import Caller
from regesta_server import ROOT, Server, binary


def verify(*arguments):
    done = subprocess.run([binary(), "ledger", "verify", *map(str, arguments)], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def run_sql(url, sql):
    subprocess.run(["psql", "-qXv", "ON_ERROR_STOP=1", "-d", url, "-c", sql], check=True, capture_output=True, text=True)


@pytest.fixture(scope="module")
def postgres():
    """(data directory, URL) of a server's state on PostgreSQL; the server has stopped."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # as root the cluster runs as another user, who must get through
        cluster, data = pathlib.Path(folder) / "pg", pathlib.Path(folder) / "data"
        tool = lambda word, *more: subprocess.run([ROOT / "tools" / "postgres", word, cluster, *more], check=True, capture_output=True, text=True)
        url = tool("start", "--fast").stdout.strip()
        try:
            server = Server(data, "--db", url).start()
            server.stop()
            yield data, url
        finally:
            tool("drop")


# (attack, how it is undone, what is said)
CHANGES = [
    ("ALTER TABLE approval ALTER COLUMN comment SET DEFAULT 'approved'", "ALTER TABLE approval ALTER COLUMN comment DROP DEFAULT",
     "column approval.comment is 'text not null default 'approved'' instead of 'text not null'"),
    ("ALTER TABLE session ALTER COLUMN via DROP DEFAULT", "ALTER TABLE session ALTER COLUMN via SET DEFAULT ''",
     "column session.via is 'text not null' instead of 'text not null default '''"),
    ("ALTER TABLE asset ALTER COLUMN name DROP NOT NULL", "ALTER TABLE asset ALTER COLUMN name SET NOT NULL", "column asset.name is 'text' instead"),
    ('ALTER TABLE asset ALTER COLUMN name TYPE text COLLATE "default"', 'ALTER TABLE asset ALTER COLUMN name TYPE text COLLATE "C"',
     "column asset.name is 'text in the order of 'default' not null' instead"),
    ("ALTER TABLE user_account DROP CONSTRAINT user_account_name_key", "ALTER TABLE user_account ADD UNIQUE (name)",
     "unique constraint (name) of user_account is missing"),
    ("ALTER TABLE alias DROP CONSTRAINT alias_pkey", "ALTER TABLE alias ADD PRIMARY KEY (asset, name)", "primary key of alias is missing"),
    ("ALTER TABLE alias DROP CONSTRAINT alias_asset_fkey",
     "ALTER TABLE alias ADD CONSTRAINT alias_asset_fkey FOREIGN KEY (asset) REFERENCES asset (id) ON DELETE CASCADE",
     "foreign key (asset) of alias is missing"),
    ("DROP INDEX rollout_active", "CREATE UNIQUE INDEX rollout_active ON rollout (asset, alias) WHERE status IN ('running', 'paused')",
     "index rollout_active of rollout is missing"),
    ("ALTER TABLE alias ADD CONSTRAINT stuck CHECK (number < 2)", "ALTER TABLE alias DROP CONSTRAINT stuck", "constraint stuck of alias was added"),
    ("ALTER TABLE alias DISABLE TRIGGER ALL", "ALTER TABLE alias ENABLE TRIGGER ALL", "check of the foreign keys of alias was added (disabled)"),
    ("CREATE RULE kept AS ON DELETE TO session DO INSTEAD NOTHING", "DROP RULE kept ON session", "rule kept of session was added"),
    ("ALTER TABLE alias ENABLE ROW LEVEL SECURITY", "ALTER TABLE alias DISABLE ROW LEVEL SECURITY", "row-level security of alias was added"),
    ("ALTER TABLE report SET UNLOGGED", "ALTER TABLE report SET LOGGED", "table report is 'table, not logged'"),
    ("CREATE TABLE more () INHERITS (alias)", "DROP TABLE more", "table alias is 'table, inheriting'"),
    ("ALTER TABLE webhook RENAME TO w2; CREATE VIEW webhook AS SELECT * FROM w2", "DROP VIEW webhook; ALTER TABLE w2 RENAME TO webhook",
     "table webhook is missing; view webhook of webhook was added"),
]


@pytest.mark.parametrize("attack, undo, said", CHANGES, ids=[attack[:60] for attack, *_ in CHANGES])
def test_a_changed_schema_is_found_on_postgresql(postgres, attack, undo, said):
    data, url = postgres
    run_sql(url, attack)
    try:
        code, text = verify("--data", data, "--db", url)
        parts = said.split("; ")
        assert code == 5 and all(part in text for part in parts), text
    finally:
        run_sql(url, undo)
    code, text = verify("--data", data, "--db", url)
    assert code == 0, text


OTHER_OPERATOR = """
CREATE SCHEMA other;
CREATE FUNCTION other.equals(bigint, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR other.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = other.equals);
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, other, pg_catalog', current_database()); END $$"""
NO_OTHER_OPERATOR = """
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET search_path', current_database()); END $$;
DROP SCHEMA other CASCADE"""


def test_operators_of_another_schema_are_not_used(postgres):
    """Where no number equals another, the server finds neither holds nor approvals, and no row is altered."""
    data, url = postgres
    run_sql(url, OTHER_OPERATOR)
    try:
        server = Server(data, "--db", url).start()
        try:
            root = Caller(server)
            root.ok("POST", "/api/v1/assets", {"kind": "model", "name": "held"})
            root.ok("POST", "/api/v1/holds", {"kind": "model", "name": "held", "reason": "case 1"})
            assert root.call("DELETE", "/api/v1/assets/model/held").status == 403
        finally:
            server.stop()
    finally:
        run_sql(url, NO_OTHER_OPERATOR)
    assert verify("--data", data, "--db", url)[0] == 0


def test_a_server_does_not_start_on_a_changed_schema(postgres):
    data, url = postgres
    run_sql(url, "ALTER TABLE approval ALTER COLUMN comment SET DEFAULT 'approved'")
    try:
        with pytest.raises(RuntimeError) as refused:
            Server(data, "--db", url).start()
        assert "column approval.comment" in str(refused.value) and "undo it" in str(refused.value)
    finally:
        run_sql(url, "ALTER TABLE approval ALTER COLUMN comment DROP DEFAULT")
    run_sql(url, "CREATE INDEX faster ON alias (number)")  # changes nothing but the speed
    server = Server(data, "--db", url).start()
    assert server.stop() == 0
    assert verify("--data", data, "--db", url)[0] == 0


@pytest.mark.parametrize("change, said", [
    (("UPDATE sqlite_schema SET sql = replace(sql, 'comment TEXT NOT NULL', 'comment TEXT NOT NULL DEFAULT ''approved''') WHERE name = 'approval'",),
     "column approval.comment is 'text not null default 'approved'' instead of 'text not null'"),
    (("DROP INDEX rollout_active",), "index rollout_active of rollout is missing"),
    (("DROP INDEX rollout_active", "CREATE INDEX rollout_active ON rollout (asset, alias)"), "index rollout_active of rollout is '(asset, alias)'"),
    (("ALTER TABLE alias ADD COLUMN more TEXT",), "column alias.more was added"),
])
def test_a_changed_schema_is_found_on_sqlite(tmp_path, change, said):
    server = Server(tmp_path / "data").start()
    server.stop()
    database = sqlite3.connect(tmp_path / "data" / "regesta.db", isolation_level=None)
    database.execute("PRAGMA writable_schema = ON")
    for sql in change:
        database.execute(sql)
    database.close()
    code, text = verify("--data", tmp_path / "data")
    assert code == 5 and said in text, text
    with pytest.raises(RuntimeError) as refused:
        Server(tmp_path / "data").start()
    assert said in str(refused.value)
