"""Rows that decide about a move are altered with SQL for its moment, while the server runs, and are put back afterwards:
what was served without a decision of every policy is found, although each row is again what the ledger says."""

import contextlib
import json
import sqlite3

import pytest

from conftest import FOUR_EYES

LENIENT = """package regesta.gate
deny contains {"code": "never", "msg": "never"} if input.candidate.description == "never"
"""


def run_sql(house, *statements):
    with contextlib.closing(sqlite3.connect(house.server.data + "/regesta.db", timeout=60, isolation_level=None)) as database:
        return [database.execute(*statement).fetchall() for statement in statements]


@contextlib.contextmanager
def altered(house, table, change):
    """The table's rows are put back as they were."""
    [rows] = run_sql(house, (f"SELECT * FROM {table}",))
    run_sql(house, (change,))
    yield
    marks = ", ".join("?" * len(rows[0]))
    run_sql(house, (f"DELETE FROM {table}",), *[(f"INSERT INTO {table} VALUES ({marks})", row) for row in rows])


def verified(house):
    house.server.settle()
    done = house.cli("ledger", "verify", "--data", house.server.data)
    return done.returncode, done.stdout + done.stderr


def move(house, name, version, alias="production"):
    return house.carl.call("PUT", f"/api/v1/assets/prompt/{name}/aliases/{alias}", {"version": version})


def approve(house, answer):
    request = answer.json["error"]["detail"]["change_request"]["id"]
    house.rita.ok("POST", f"/api/v1/change-requests/{request}/approve", {"comment": "fine"})


@pytest.fixture
def canary(house):
    """rita approved version 1 for production, and a rollout of version 2 to 5 % of the callers."""
    for text in ("one", "two"):
        house.carl.prompt("pay", text)
    house.guard("prompt/*#production", FOUR_EYES)
    approve(house, move(house, "pay", 1))
    rollouts = "/api/v1/prompts/pay/rollouts"
    approve(house, house.carl.post(rollouts, {"version": 2, "steps": [{"weight": 2}, {"weight": 5}]}))
    code, text = verified(house)
    assert code == 0, text
    return f"{rollouts}/{house.carl.ok('GET', rollouts)['items'][0]['id']}"


UNBIND = ("binding", "DELETE FROM binding")
WIDER_PLAN = ("rollout", "UPDATE rollout SET plan = replace(plan, '5', '95')")


@pytest.mark.parametrize("change, verb, body, said", [
    (UNBIND, "kill", {"version": 2}, "smaller share"), (UNBIND, "complete", {}, "smaller share"), (WIDER_PLAN, "advance", {}, "smaller share")])
def test_a_canary_that_became_everybody_is_found(house, canary, change, verb, body, said):
    with altered(house, *change):
        house.carl.ok("POST", f"{canary}/{verb}", body)
    code, text = verified(house)
    assert code == 5 and "prompt/pay#production" in text and said in text, text


def test_a_decision_without_a_bound_policy_is_found(house, canary):
    """One of two policies is hidden, or another one stands in its place."""
    house.root.ok("POST", "/api/v1/policies/lenient", {"modules": [{"name": "gate.rego", "text": LENIENT}]})
    house.carl.prompt("loan", "one")
    with altered(house, "binding", "UPDATE binding SET policy = 'lenient'"):
        assert move(house, "loan", 1).status == 200
    code, text = verified(house)
    assert code == 5 and "did not ask policy/policy-" in text, text


APPROVED_TEXT = """package regesta.gate
deny contains {"code": "text", "msg": "the version says what it is"} if {
  input.candidate.tags.checked != "yes"
  input.candidate.description != "checked"
}
"""


@pytest.mark.parametrize("table, change, said", [
    ("version_tag", "UPDATE version_tag SET value = 'yes' WHERE key = 'checked'", "another tag 'checked' of version 1"),
    ("version", "UPDATE version SET description = 'checked'", "another description of version 1")])
def test_a_text_that_a_policy_saw_for_a_moment_is_found(house, table, change, said):
    """A tag or the description of the version is altered while the policy looks."""
    house.guard("prompt/*#production", APPROVED_TEXT)
    house.carl.prompt("pay", "one", tags={"checked": "no", "team": "credit"})
    house.carl.ok("PATCH", "/api/v1/assets/prompt/pay/versions/1", {"description": "draft"})
    house.carl.ok("DELETE", "/api/v1/assets/prompt/pay/versions/1/tags/team")
    assert move(house, "pay", 1).status == 403
    with altered(house, table, change):
        assert move(house, "pay", 1).status == 200
    code, text = verified(house)
    assert code == 5 and said in text, text


def test_a_move_to_a_version_whose_incident_was_hidden_is_found(house):
    """No policy is bound: the incident alone keeps the version, and the same content under another number, from aliases."""
    for text in ("one", "two", "one", "two"):
        house.carl.prompt("pay", text)
    assert move(house, "pay", 2).status == 200
    house.rita.ok("POST", "/api/v1/incidents", {"kind": "prompt", "name": "pay", "version": 2, "reason": "flawed"})
    house.carl.ok("PATCH", "/api/v1/assets/prompt/pay", {"new_name": "pay-2"})
    code, text = verified(house)
    assert code == 0, text
    assert move(house, "pay-2", 4).status == 403
    with altered(house, "incident", "UPDATE incident SET asset = 0"):
        assert move(house, "pay-2", 4).status == 200
    code, text = verified(house)
    assert code == 5 and "incident/1 forbade it" in text, text


@pytest.mark.parametrize("selector", ["live", "latest"])
def test_a_decision_by_an_earlier_version_of_a_policy_is_found(house, selector):
    for text in (LENIENT, FOUR_EYES):
        house.root.ok("POST", "/api/v1/policies/four", {"modules": [{"name": "gate.rego", "text": text}]})
    house.root.ok("PUT", "/api/v1/assets/policy/four/aliases/live", {"version": 2})
    house.root.ok("POST", "/api/v1/policies/bindings", {"policy": "four", "kind": "prompt", "name_pattern": "*", "pointer": "production",
                                                        "policy_selector": selector})
    house.carl.prompt("loan", "one")
    change = {"live": ("alias", "UPDATE alias SET number = 1 WHERE name = 'live'"),
              "latest": ("binding", "UPDATE binding SET policy_selector = '1'")}[selector]
    with altered(house, *change):
        assert move(house, "loan", 1).status == 200
    code, text = verified(house)
    assert code == 5 and "asked policy/four@1 instead of version 2" in text, text


def test_a_rename_past_a_policy_is_found(house):
    house.guard("prompt/prod-*#production", FOUR_EYES)
    house.carl.prompt("draft", "one")
    house.carl.ok("PUT", "/api/v1/assets/prompt/draft/aliases/production", {"version": 1})
    with altered(house, *UNBIND):
        house.carl.ok("PATCH", "/api/v1/assets/prompt/draft", {"new_name": "prod-draft"})
    code, text = verified(house)
    assert code == 5 and "prompt/prod-draft#production" in text and "cites no decision" in text, text


def test_a_rollout_that_resumes_past_a_policy_is_found(house):
    """It started before the policy was bound, and its second step and its completion come after."""
    for text in ("one", "two"):
        house.carl.prompt("pay", text)
    assert move(house, "pay", 1).status == 200
    rollouts = "/api/v1/prompts/pay/rollouts"
    rollout = f"{rollouts}/{house.carl.ok('POST', rollouts, {'version': 2, 'steps': [{'weight': 2}, {'weight': 5}]})['id']}"
    house.guard("prompt/*#production", FOUR_EYES)
    house.carl.ok("POST", f"{rollout}/kill", {})
    house.carl.ok("POST", f"{rollout}/pause", {})
    code, text = verified(house)
    assert code == 0, text
    with altered(house, *UNBIND):
        house.carl.ok("POST", f"{rollout}/resume", {})
    code, text = verified(house)
    assert code == 5 and "rollout.resumed of prompt/pay#production" in text and "cites no decision" in text, text


def test_honest_rollouts_and_renames_verify(house, canary):
    """Each with the gate's own decisions: a later step, the kill switch to the candidate, a renaming, completion."""
    ask = lambda verb, body: house.carl.post(f"{canary}/{verb}", body)
    assert ask("advance", {}).status == 200
    answer = ask("kill", {"version": 2})
    approve(house, answer)
    assert ask("complete", {}).status == 200
    house.guard("prompt/pay-*#live", LENIENT)
    assert move(house, "pay", 1, "live").status == 200
    house.carl.prompt("free", "one")
    assert move(house, "free", 1, "live").status == 200
    house.carl.ok("PATCH", "/api/v1/assets/prompt/free", {"new_name": "pay-free"})
    assert json.loads(house.root.get("/api/v1/assets/prompt/pay-free/aliases").text)["items"][0]["version"] == 1
    code, text = verified(house)
    assert code == 0, text


def put_alias(house, name, version=1):
    house.carl.ok("PUT", f"/api/v1/assets/prompt/pay/aliases/{name}", {"version": version})


def delete_alias(house, name):
    house.carl.ok("DELETE", f"/api/v1/assets/prompt/pay/aliases/{name}")


ALTERED = {
    "an alias is moved": ("UPDATE alias SET number = 3 WHERE name = 'live'", lambda house: put_alias(house, "live", 2)),
    "an alias is removed": ("UPDATE alias SET number = 3 WHERE name = 'live'", lambda house: delete_alias(house, "live")),
    "a forged alias is removed": ("INSERT INTO alias SELECT asset, 'ghost', 3, moved_at, moved_by FROM alias", lambda house: delete_alias(house, "ghost")),
    "a tag is set": ("UPDATE asset_tag SET value = 'other'", lambda house: house.carl.ok("PUT", "/api/v1/assets/prompt/pay/tags/k", {"value": "w"})),
    "a tag of a version is set": ("UPDATE version_tag SET value = 'other' WHERE key = 'k'",
                                  lambda house: house.carl.ok("PUT", "/api/v1/assets/prompt/pay/versions/1/tags/k", {"value": "w"})),
    "a policy is unbound": ("UPDATE binding SET name_pattern = 'none'", lambda house: house.root.ok("DELETE", "/api/v1/policies/bindings/1")),
    "an asset is deleted": ("UPDATE asset SET created_by = 'user:dora' WHERE name = 'pay'",
                            lambda house: house.carl.ok("DELETE", "/api/v1/assets/prompt/pay?force=true")),
}


@pytest.mark.parametrize("then", ALTERED)
def test_a_row_that_was_altered_is_found_after_the_server_wrote_or_deleted_it(house, then):
    """What was served in between disappears with the server's own next change of the row."""
    for text in ("one", "two", "three"):
        house.carl.prompt("pay", text)
    house.carl.ok("PUT", "/api/v1/assets/prompt/pay/tags/k", {"value": "v"})
    house.carl.ok("PUT", "/api/v1/assets/prompt/pay/versions/1/tags/k", {"value": "v"})
    house.guard("prompt/other#production", FOUR_EYES)
    put_alias(house, "live")
    code, text = verified(house)
    assert code == 0, text
    change, follow = ALTERED[then]
    run_sql(house, (change,))
    follow(house)
    code, text = verified(house)
    assert code == 5 and "had been altered outside the server" in text, text
