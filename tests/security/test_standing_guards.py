"""Standing guards, and attacks on them: take production down with one, or take away the one that protects it."""

import pytest

from artifacts import entries, verified
from conftest import FOUR_EYES
from regesta_server import eventually


@pytest.fixture
def support(house):
    """Versions 1 (good) and 2; production points to 2 and did point to 1."""
    for number, text in enumerate(("Be kind.", "Be quick."), 1):
        house.carl.prompt("support", text)
        house.carl.ok("PUT", "/api/v1/assets/prompt/support/aliases/production", {"version": number})
    return house


def put(who, status=200, guard="kind", alias="production", **body):
    answer = who.call("PUT", f"/api/v1/assets/prompt/support/standing-guards/{alias}/{guard}", {"metric": "kindness"} | body)
    assert answer.status == status, answer
    return answer.json


def guards(who):
    return who.ok("GET", "/api/v1/assets/prompt/support/standing-guards")["items"]


def report(who, version, value, count=200):
    who.ok("POST", "/api/v1/prompts/support/reports",
           {"reports": [{"version": version, "metric": "kindness", "value": value} for _ in range(count)]})


def position(house):
    return house.root.ok("GET", "/api/v1/assets/prompt/support/aliases/production")["version"]


def test_a_bad_version_is_rolled_back_with_evidence(support):
    put(support.carl, threshold=0.7, on_breach="rollback", min_reports=20)
    report(support.carl, 2, 0.9, count=10)
    assert guards(support.rex)[0]["state"] == "waiting"
    report(support.carl, 2, 0.1)
    eventually(lambda: position(support) == 1)
    found = eventually(lambda: [g for g in guards(support.rex) if g.get("outcome", "").startswith("rolled back")])[0]
    assert found["breached_version"] == 2 and found["outcome"] == "rolled back to version 1"
    [data] = entries(support.root, "guard.breached", 1)
    assert data["present"]["version"] == 2 and data["present"]["high"] < 0.7 and data["threshold"] == 0.7 and data["standing"]
    verified(support)


def test_a_version_is_compared_with_the_one_before(support):
    put(support.carl, margin=0.05, min_reports=20)
    report(support.carl, 1, 0.9)
    report(support.carl, 2, 0.88)
    assert eventually(lambda: [g for g in guards(support.rex) if g["state"] != "waiting"])[0]["state"] in ("fine", "watching")
    report(support.carl, 2, 0.2, count=800)
    found = eventually(lambda: [g for g in guards(support.rex) if g.get("outcome") == "alerted"])[0]
    assert found["numbers"]["previous"]["version"] == 1
    assert position(support) == 2, "it only alerts"


def test_lower_is_better(support):
    put(support.carl, guard="late", direction="lower", threshold=0.5, min_reports=20)
    report(support.carl, 2, 0.1)
    assert eventually(lambda: [g for g in guards(support.rex) if g["state"] == "fine"])


def test_a_policy_decides_about_the_rollback(support):
    """A guard does not go around the gate."""
    support.guard("prompt/*#production", FOUR_EYES)
    put(support.carl, threshold=0.7, on_breach="rollback", min_reports=20)
    report(support.carl, 2, 0.1)
    found = eventually(lambda: [g for g in guards(support.rex) if "change request" in g.get("outcome", "")])[0]
    assert position(support) == 2 and found["state"] == "breached"


def test_nobody_acts_through_a_guard_beyond_their_rights(support):
    """Set one without writing, report without writing, lose the right, delete somebody else's."""
    for who in (support.rex, support.rita, support.nina, support.walt, support.anonymous):
        assert who.call("PUT", "/api/v1/assets/prompt/support/standing-guards/production/x",
                        {"metric": "kindness", "threshold": 2, "on_breach": "rollback"}).status in (401, 403, 404)
    put(support.root, guard="roots", threshold=0.1)
    assert support.carl.call("DELETE", "/api/v1/assets/prompt/support/standing-guards/production/roots").status == 403
    put(support.carl, guard="roots", status=403, threshold=0.0)
    for body in ({}, {"threshold": "high"}, {"threshold": 0.5, "odd": 1}, {"margin": -1}, {"threshold": 1, "on_breach": "delete"}):
        put(support.carl, status=400, **body)
    put(support.dora, guard="doras", threshold=0.7, on_breach="rollback", min_reports=20)
    support.root.ok("PUT", "/api/v1/users/dora/grants", {"grants": [{"role": "reader"}]})
    report(support.carl, 2, 0.3)
    found = eventually(lambda: [g for g in guards(support.rex) if "may no longer" in g.get("outcome", "")])[0]
    assert found["guard"] == "doras" and position(support) == 2
