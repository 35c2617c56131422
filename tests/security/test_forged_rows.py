"""Rows that somebody changes or adds with SQL while the server is stopped: the running server does not act on them."""

import hashlib
import sqlite3

from artifacts import experiment, finish, model, put, run, version
from conftest import PASSWORD, Caller


def change_by_sql(server, *statements):
    server.stop()
    with sqlite3.connect(server.data + "/regesta.db") as database:
        for sql in statements:
            assert database.execute(sql).rowcount == 1, sql
    server.start()


def test_a_forged_session_token_or_grant_lets_nobody_in(house):
    """Rows written with SQL while the server is stopped: a session and a token of somebody's own, and a role."""
    secret = "rgs_" + "A" * 43
    digest = hashlib.sha256(secret.encode()).hexdigest()
    change_by_sql(
        house.server,
        "INSERT INTO service_token (name, hash, grants, expires_at, revoked, created_at, created_by) SELECT 'evil', "
        f"'{digest}', grants, 0, 0, created_at, created_by FROM user_account WHERE name = 'root'",
        "UPDATE user_account SET grants = (SELECT grants FROM user_account WHERE name = 'root') WHERE name = 'rex'")
    assert Caller(house.server, secret).get("/api/v1/users").status == 401
    assert house.rex.get("/api/v1/users").status == 401
    assert house.carl.get("/api/v1/assets").status == 200
    found = house.cli("ledger", "verify", "--data", house.server.data)
    assert found.returncode == 5 and "user/rex" in found.stdout and "token/evil" in found.stdout, found.stdout


LEADS = """package regesta.gate
count := 1 if "lead" in input.actor.roles else := 3
require contains {"code": "risk", "msg": "risk officers approve; for a lead one is enough",
  "approvals": {"role": "risk", "count": count, "not_author": true}}
"""


def test_a_forged_role_of_the_requester_does_not_move_an_alias(house):
    """With SQL: carl, whose request needs three approvals, becomes a lead, for whom one is enough."""
    house.root.ok("POST", "/api/v1/users", {"name": "ruth", "password": PASSWORD, "grants": [{"role": "risk"}]})
    house.guard("prompt/*#production", LEADS)
    house.carl.prompt("pay", "Pay.")
    asked = house.carl.call("PUT", "/api/v1/assets/prompt/pay/aliases/production", {"version": 1})
    request = asked.json["error"]["detail"]["change_request"]["id"]
    house.rita.ok("POST", f"/api/v1/change-requests/{request}/approve", {"comment": "fine"})
    change_by_sql(house.server, "UPDATE user_account SET grants = replace(grants, '[', "
                                "'[{\"name_pattern\":\"*\",\"role\":\"lead\",\"workspace\":\"*\"},') WHERE name = 'carl'")
    for _ in range(2):  # the first answer is that something changed
        Caller(house.server, ("ruth", PASSWORD)).post(f"/api/v1/change-requests/{request}/approve", {"comment": "fine"})
    assert house.root.ok("GET", "/api/v1/assets/prompt/pay/aliases")["items"] == []


def test_a_row_that_was_altered_is_found_after_the_server_changed_it(house):
    """A changed column must not become true because the server writes the row's other columns later."""
    house.carl.prompt("chat", "Hello.")
    house.carl.ok("PUT", "/api/v1/assets/prompt/chat/aliases/live", {"version": 1})
    change_by_sql(house.server, "UPDATE version SET run_link = 'https://evil.example' WHERE number = 1")
    house.carl.ok("PATCH", "/api/v1/assets/prompt/chat/versions/1", {"description": "mine"})
    house.server.stop()
    found = house.cli("ledger", "verify", "--data", house.server.data)
    assert found.returncode == 5 and "prompt/chat@1" in found.stdout, found.stdout


def test_a_forged_file_is_not_served(house):
    """The digest of an uploaded file is changed with SQL to that of other stored bytes."""
    for name, raw in (("good", b"good bytes"), ("evil", b"evil bytes")):
        house.carl.ok("PUT", f"/api/2.0/mlflow-artifacts/artifacts/0/x/{name}.bin", raw=raw)
    change_by_sql(house.server, "UPDATE tree_file SET digest = (SELECT digest FROM tree_file WHERE path LIKE '%evil.bin') "
                                "WHERE path LIKE '%good.bin'")
    answer = house.carl.get("/api/2.0/mlflow-artifacts/artifacts/0/x/good.bin")
    assert answer.status >= 400 and b"evil bytes" not in answer.body, answer


def rebuild(server, index, where=""):
    """Builds an index of SQLite again, with the rows for which `where` holds only; its definition looks as before."""
    with sqlite3.connect(server.data + "/regesta.db") as database:
        sql = database.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (index,)).fetchone()[0]
        version = database.execute("PRAGMA schema_version").fetchone()[0]
    for text, number, reindex in ((sql + (" WHERE " + where if where else ""), version + 1, True), (sql, version, False)):
        with sqlite3.connect(server.data + "/regesta.db") as database:
            database.execute("PRAGMA writable_schema = ON")
            database.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (text, index))
            database.execute(f"PRAGMA schema_version = {number}")
        if reindex:
            with sqlite3.connect(server.data + "/regesta.db") as database:
                database.execute(f"REINDEX {index}")


MEASURED = """package regesta.gate
require contains {"code": "accuracy", "msg": "0.9", "evidence": {"type": "attestation", "at_least": {"accuracy": 0.9}}}
"""


def test_rows_hidden_by_an_index_are_found_before_and_after_the_server_acts_on_it(house):
    """The index that finds a legal hold, and the one that finds bad evidence, are rebuilt without those rows, and whole
    again after the server deleted the held version and moved the alias."""
    server = house.server
    for name in ("held", "judged"):
        house.carl.prompt(name, "one")
    house.carl.prompt("held", "two")
    house.root.ok("POST", "/api/v1/holds", {"kind": "prompt", "name": "held", "reason": "lawsuit"})
    house.guard("prompt/judged#production", MEASURED)
    for accuracy in (0.95, 0.5):
        bad = house.carl.ok("POST", "/api/v1/evidence", {"asset": {"kind": "prompt", "name": "judged", "version": 1},
                                                         "type": "attestation", "body": {"accuracy": accuracy}})["id"]
    moved = house.carl.call("PUT", "/api/v1/assets/prompt/judged/aliases/production", {"version": 1})
    assert moved.status == 403, moved
    server.settle()
    server.stop()
    rebuild(server, "legal_hold_asset", "0")
    rebuild(server, "evidence_version", f"id <> {bad}")
    found = house.cli("ledger", "verify", "--data", server.data)
    assert found.returncode == 5 and "legal_hold_asset" in found.stdout and "evidence_version" in found.stdout, found.stdout
    server.start()
    house.root.ok("DELETE", "/api/v1/assets/prompt/held/versions/1")
    house.carl.ok("PUT", "/api/v1/assets/prompt/judged/aliases/production", {"version": 1})
    server.settle()
    server.stop()
    rebuild(server, "legal_hold_asset")
    rebuild(server, "evidence_version")
    found = house.cli("ledger", "verify", "--data", server.data)
    assert found.returncode == 5, found.stdout
    assert "although hold/1 forbade it" in found.stdout and f"version 1 without its evidence {bad}" in found.stdout, found.stdout


def verified(house, *statements):
    """What verification says after the changes: the exit code and the text. It ends within two minutes."""
    house.server.settle()
    house.server.stop()
    with sqlite3.connect(house.server.data + "/regesta.db") as database:
        for sql in statements:
            assert database.execute(sql).rowcount >= 1, sql
    found = house.cli("ledger", "verify", "--data", house.server.data)
    return found.returncode, found.stdout + found.stderr


def test_text_in_a_column_of_numbers_does_not_hold_up_verification(house):
    house.carl.ok("POST", "/api/v1/assets", {"kind": "model", "name": "loan", "tags": {"tier": "high"}})
    code, text = verified(house, "UPDATE asset_tag SET asset = 'x' || asset")
    assert code == 5 and "asset is not stored as integer" in text, text


def test_an_entry_with_half_an_index_is_found(house):
    """The server looks for entry 3 and does not find 3.5, which reads as 3."""
    house.carl.prompt("chat", "Hello.")
    for change in ("UPDATE ledger_entry SET idx = idx + 0.5 WHERE idx = 3", "UPDATE ledger_entry SET body = CAST(body AS BLOB) WHERE idx = 4",
                   "UPDATE ledger_head SET time = time + 0.5"):
        code, text = verified(house, change)
        assert code == 5, text
        house.server.start()


def test_a_sealed_run_that_cannot_be_read_hides_no_other_row(house):
    info = run(house.carl, experiment(house.carl, "loans"))
    folder = f"{info['experiment_id']}/{info['run_id']}/artifacts/m"
    assert put(house.carl, folder + "/MLmodel", b"{}").status == 200
    finish(house.carl, info["run_id"])
    model(house.carl, "loan")
    assert version(house.carl, "loan", f"runs:/{info['run_id']}/m", run_id=info["run_id"]).status == 200
    house.carl.prompt("chat", "Hello.")
    code, text = verified(house, "UPDATE run SET links = links || '{'", "UPDATE version SET content = 'evil' WHERE content <> ''")
    assert code == 5 and "cannot be read" in text and "prompt/chat@1" in text, text
