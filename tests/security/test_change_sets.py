"""Change sets: moves that happen together or not at all, and attacks on that: parts of a set, names out of reach, rows by SQL."""

import sqlite3
import subprocess

from artifacts import entries, verified
from conftest import PASSWORD, Caller
from gate import alias, guard_production, holder, version
from regesta_server import binary

NAMES = ("support", "refund")


def move(name, number=1, **more):
    return {"kind": "prompt", "name": name, "pointer": "production", "version": number} | more


def together(who, *moves, **more):
    return who.post("/api/v1/moves", {"moves": list(moves)} | more)


def ask(house):
    """An open change set of two prompts; the ids of its requests."""
    guard_production(house)
    for name in NAMES:
        version(house.carl, name, f"About {name}.")
    answer = together(house.carl, *map(move, NAMES), reason="they belong together")
    assert answer.status == 403, answer
    return [one["change_request"]["id"] for one in answer.json["error"]["detail"]["moves"]]


def approve(who, request):
    return who.post(f"/api/v1/change-requests/{request}/approve", {"comment": "read"})


def holders(house):
    return [holder(house, name) for name in NAMES]


def test_all_move_with_the_last_approval(house):
    first, second = ask(house)
    shown = house.rita.ok("GET", f"/api/v1/change-requests/{first}")
    assert shown["together"] == [second], shown
    assert approve(house.rita, first).status == 200
    assert holders(house) == [None, None]
    waiting = house.rita.ok("GET", f"/api/v1/change-requests/{first}")["verdict"]["require"]
    assert [(one["code"], one["met"]) for one in waiting] == [("risk", True), ("change-set", False)], waiting
    assert approve(house.rita, second).status == 200
    assert holders(house) == [1, 1]
    moved = entries(house.root, "alias.moved", 2)
    assert all(one["decision"] for one in moved)
    for one in moved:
        assert house.root.ok("POST", f"/api/v1/decisions/{one['decision']}/replay", {})["same"]
    verified(house)


def test_a_part_of_a_set_moves_in_no_other_way(house):
    first, second = ask(house)
    assert approve(house.rita, first).status == 200
    assert house.carl.ok("POST", f"/api/v1/change-requests/{first}/retry", {})["outcome"] == "pending"
    assert alias(house.carl, "support", 1).status == 403  # a request of its own, without approvals
    assert together(house.carl, move("support")).status == 403
    assert together(house.carl, *map(move, NAMES)).status == 403  # another set: the approval is not for it
    assert holders(house) == [None, None]
    house.carl.ok("POST", f"/api/v1/change-requests/{second}/withdraw", {"comment": "not now"})
    assert house.carl.ok("GET", f"/api/v1/change-requests/{first}")["status"] == "stale"
    assert approve(house.rita, first).status == 409
    assert holders(house) == [None, None]
    verified(house)


def test_what_the_caller_may_not_move_or_see(house):
    for name in NAMES:
        version(house.root, name, "Hello.")
    version(house.root, "secret", "Hidden.")
    house.root.ok("POST", "/api/v1/users", {"name": "sam", "password": PASSWORD, "grants": [
        {"role": "contributor", "name_pattern": "support"}, {"role": "reader", "name_pattern": "refund"}]})
    sam = Caller(house.server, ("sam", PASSWORD))
    assert together(sam, move("support"), move("refund")).status == 403
    hidden, absent = together(sam, move("support"), move("secret")), together(sam, move("support"), move("absent"))
    assert (hidden.status, hidden.text.replace("secret", "absent")) == (403, absent.text) == (absent.status, absent.text)
    assert holders(house) == [None, None]


def test_a_set_of_bad_moves_is_refused_whole(house):
    for name in NAMES:
        version(house.carl, name, "Hello.")
    for moves in ([], [move("support"), move("support")], [move("support", 9), move("refund")],
                  [move("support"), move("refund", **{"from": 3})], [move("support"), {"kind": "prompt"}], [move("support")] * 21):
        answer = together(house.carl, *moves)
        assert answer.status in (400, 404, 409), (moves, answer)
    assert holders(house) == [None, None]
    assert together(house.carl, *map(move, NAMES)).status == 200
    assert holders(house) == [1, 1]


def test_one_that_is_denied_stops_all(house):
    house.guard("prompt/refund#production", """package regesta.gate
deny contains {"code": "no", "msg": "not on Mondays"} if true
""")
    for name in NAMES:
        version(house.carl, name, "Hello.")
    answer = together(house.carl, *map(move, NAMES))
    assert answer.status == 403 and "not on Mondays" in answer.text and "together or not at all" in answer.text, answer
    assert holders(house) == [None, None]
    assert house.root.ok("GET", "/api/v1/change-requests")["items"] == []
    verified(house)


def test_sql_that_takes_a_request_out_of_its_set_is_found_and_moves_nothing(house):
    first, _ = ask(house)
    assert approve(house.rita, first).status == 200
    house.server.settle()
    house.server.stop()
    with sqlite3.connect(f"{house.server.data}/regesta.db") as database:
        database.execute("UPDATE change_request SET change_set = '' WHERE id = ?", (first,))
    house.server.start()
    house.carl.post(f"/api/v1/change-requests/{first}/retry", {})
    assert holders(house) == [None, None]
    found = house.root.ok("POST", "/api/v1/ledger/verify", {})
    assert not found["ok"] and any("change_set" in str(finding) for finding in found["findings"]), found


def test_the_command_line(house, tmp_path):
    guard_production(house, "support")
    guard_production(house, "refund")
    for name in NAMES:
        version(house.carl, name, "Hello.")

    def run(who, *words, code=0):
        done = subprocess.run([binary(), *words], capture_output=True, text=True, timeout=60, cwd=tmp_path,
                              env={"REGESTA_URL": house.server.url, "REGESTA_USER": who, "REGESTA_PASSWORD": PASSWORD,
                                   "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    asked = run("carl", "promote", "prompt/support@1", "prompt/refund@1", "-m", "together", code=3)
    assert "Nothing has moved" in asked and "Change request 2 is open" in asked, asked
    assert "change request 2" in run("rita", "request", "show", "1")
    assert "still waits" in run("rita", "approve", "1", "-m", "fine")
    run("rita", "approve", "2", "-m", "fine")
    assert holders(house) == [1, 1]
    for name in NAMES:
        version(house.carl, name, "Hello again.")
    assert "would not move" in run("carl", "promote", "prompt/support@2", "prompt/refund@2", "--dry-run", code=3)
    run("carl", "promote", "prompt/support@2", "prompt/refund@2", "--break-glass", code=2)
