"""Attacks by way of an expiry: have the server delete what its caller may not, or hide that it did."""

import sqlite3
import time

from test_holds import hold, vera  # noqa: F401

from artifacts import MLFLOW, entries, model, verified, version
from conftest import FOUR_EYES
from regesta_server import eventually


def expire(who, number, name="loan", **when):
    return who.call("PUT", f"/api/v1/assets/model/{name}/versions/{number}/expiry", when or {"at": "2020-01-01T00:00:00Z"})


def left(house):
    return [item["version"] for item in house.carl.ok("GET", "/api/v1/assets/model/loan/versions")["items"]]


def test_what_is_protected_or_cited_does_not_expire(house, vera):
    """Carl, who may not delete what is cited, lets the server do it."""
    model(house.carl, "loan")
    for n in range(1, 6):
        assert version(house.carl, "loan", f"s3://bucket/{n}").status == 200
    house.carl.ok("PUT", "/api/v1/assets/model/loan/aliases/production", {"version": 1})
    house.guard("model/loan#production", FOUR_EYES)
    house.carl.ok("POST", "/api/v1/evidence", {"asset": {"kind": "model", "name": "loan", "version": 2}, "type": "card", "body": "# Card\nSays something."})
    house.carl.post(f"{MLFLOW}/registered-models/alias", {"name": "loan", "alias": "production", "version": "3"})  # waits for approval
    number = hold(house.root, kind="model", name="loan", version=4)
    refused = expire(house.carl, 4)
    assert refused.status == 403 and f"legal hold {number}" in refused.text, refused
    for one in (1, 2, 3, 5):
        assert expire(house.carl, one).status == 200
    assert house.carl.ok("GET", "/api/v1/assets/model/loan/versions/5")["expires_at"].startswith("2020-01-01")
    house.server.restart()
    eventually(lambda: left(house) == [4, 3, 2, 1])
    [gone] = entries(house.root, "version.deleted", 1)
    assert gone["rule"] == "expiry" and gone["digest"]
    verified(house)


def test_a_candidate_shows_its_expiry_to_policies(house):
    """Approve a version that its author then lets expire: policies see the time, and can refuse."""
    model(house.carl, "loan")
    assert version(house.carl, "loan", "s3://bucket/1").status == 200
    house.guard("model/loan#production", '''package regesta.gate
deny contains {"code": "expires", "msg": "it expires"} if input.candidate.expires_at
''')
    assert expire(house.carl, 1, after="36500d").status == 200
    refused = house.carl.call("PUT", "/api/v1/assets/model/loan/aliases/production", {"version": 1})
    assert refused.status == 403 and "it expires" in refused.text, refused
    house.carl.ok("DELETE", "/api/v1/assets/model/loan/versions/1/expiry")
    house.carl.ok("PUT", "/api/v1/assets/model/loan/aliases/production", {"version": 1})


def test_only_writers_of_the_name_set_it_and_sql_is_found(house):
    model(house.carl, "loan")
    assert version(house.carl, "loan", "s3://bucket/1").status == 200
    for who in (house.rex, house.rita, house.nina, house.wendy, house.anonymous):
        assert expire(who, 1).status in (401, 403, 404), who.credentials
    for bad in ({"at": "tomorrow"}, {"after": "1y"}, {"after": "1d", "at": "2030-01-01T00:00:00Z"}):
        assert expire(house.carl, 1, **bad).status == 400
    assert expire(house.carl, 1, after="30d").status == 200
    house.server.stop()
    with sqlite3.connect(f"{house.server.data}/regesta.db") as database:
        database.execute("UPDATE version_expiry SET expires_at = ?", (int(time.time() * 1000) + 10**10,))
    house.server.start()
    answer = house.root.post("/api/v1/ledger/verify", {})
    assert "version_expiry" in answer.text or "loan" in answer.text and not answer.json.get("ok"), answer
