"""What changes between a request and its approval, and who may change the policies themselves."""

from conftest import FOUR_EYES, NO_BAD, Caller
from gate import alias, guard_production, holder, request_for, version

# --- Before and after ---------------------------------------------------------------------------------------------------


def test_an_approval_is_for_what_was_shown(house):
    """Rita approves; carl changes the description and a tag before the second approval comes."""
    guard_production(house, module=FOUR_EYES.replace('"count": 1', '"count": 2'))
    house.root.ok("POST", "/api/v1/users", {"name": "ruth", "password": "a long password", "grants": [{"role": "risk"}]})
    ruth = Caller(house.server, ("ruth", "a long password"))
    version(house.carl, "greeting", "text", description="harmless")
    request = request_for(alias(house.carl, "greeting", 1))
    house.rita.ok("POST", f"/api/v1/change-requests/{request}/approve", {"comment": "harmless"})
    house.carl.ok("PATCH", "/api/v1/assets/prompt/greeting/versions/1", {"description": "something else"})
    answer = ruth.call("POST", f"/api/v1/change-requests/{request}/approve", {"comment": "fine"})
    assert answer.status == 409 and "candidate.description" in answer.text, answer
    ruth.ok("POST", f"/api/v1/change-requests/{request}/approve", {"comment": "seen"})
    assert holder(house, "greeting") is None
    shown = {one["user"]: one.get("lapsed") for one in house.rita.get(f"/api/v1/change-requests/{request}").json["approvals"]}
    assert shown == {"user:rita": True, "user:ruth": None}
    house.rita.ok("POST", f"/api/v1/change-requests/{request}/approve", {"comment": "seen again"})
    assert holder(house, "greeting") == 1


def test_a_request_dies_with_its_asset(house):
    """Carl asks for a move of a harmless prompt, deletes it, recreates it under the name and lets rita approve."""
    guard_production(house)
    version(house.carl, "greeting", "text")
    request = request_for(alias(house.carl, "greeting", 1))
    house.root.ok("DELETE", "/api/v1/assets/prompt/greeting")
    version(house.carl, "greeting", "text")
    answer = house.rita.call("POST", f"/api/v1/change-requests/{request}/approve", {"comment": "fine"})
    assert answer.status == 409 or answer.status == 400, answer
    assert holder(house, "greeting") is None


def test_a_workspace_name_is_not_used_twice(house):
    """Whoever recreates a deleted workspace would inherit its grants and bindings."""
    house.root.ok("POST", "/api/v1/workspaces", {"name": "east"})
    house.root.ok("DELETE", "/api/v1/workspaces/east")
    assert house.root.post("/api/v1/workspaces", {"name": "east"}).status == 409


# --- Who governs the governors --------------------------------------------------------------------------------------------


def test_a_workspace_admin_does_not_edit_the_policy_of_all(house):
    """Adam administers the default workspace and edits the policy there that guards every workspace."""
    house.root.ok("POST", "/api/v1/policies/all", {"modules": [{"name": "gate.rego", "text": FOUR_EYES}]})
    house.root.ok("POST", "/api/v1/policies/bindings",
                  {"policy": "all", "kind": "*", "name_pattern": "*", "pointer": "production", "every_workspace": True})
    adam = house.token("adam", {"role": "admin", "workspace": "default"})
    empty = {"modules": [{"name": "gate.rego", "text": 'package regesta.gate\nwarn contains "nothing" if false\n'}]}
    assert adam.post("/api/v1/policies/all", empty).status == 403
    assert adam.call("PUT", "/api/v1/assets/policy/all/aliases/live", {"version": 1}).status == 403


def test_a_narrow_grant_does_not_touch_a_wider_binding(house):
    """Somebody who administers nina-* removes, or adds, the binding of every name."""
    wide = guard_production(house, "*", NO_BAD)
    for pattern in ("nina-*", "?", "nina-?", "?*"):
        narrow = house.token(f"narrow{len(pattern)}{pattern.count('?')}", {"role": "admin", "name_pattern": pattern})
        assert narrow.call("DELETE", f"/api/v1/policies/bindings/{wide['id']}").status == 403, pattern
        answer = narrow.post("/api/v1/policies/bindings",
                             {"policy": wide["policy"], "kind": "prompt", "name_pattern": "*", "pointer": "beta"})
        assert answer.status == 403, (pattern, answer)


def test_a_question_mark_is_not_every_name(house):
    """A grant on '?' is one on names of one character; it passed for a grant on everything ('*')."""
    quinn = house.token("quinn", {"role": "admin", "workspace": "*", "name_pattern": "?"})
    assert quinn.post("/api/v1/users", {"name": "mallory", "password": "a long password"}).status == 403
    assert quinn.post("/api/v1/tokens", {"name": "mine", "grants": [{"role": "admin"}]}).status == 403
    assert quinn.post("/api/v1/workspaces", {"name": "mine"}).status == 403
