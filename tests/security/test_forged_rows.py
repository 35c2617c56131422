"""Rows that somebody changes or adds with SQL while the server is stopped: the running server does not act on them."""

import hashlib
import sqlite3

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
