"""Delegates: who approves for somebody who is away, and attacks on that: one's own work, two voices, a chain, rows by SQL."""

import datetime
import sqlite3
import subprocess

from artifacts import entries, verified
from conftest import PASSWORD, Caller
from gate import alias, guard_production, holder, request_for, version
from regesta_server import binary, eventually


def at(days=0, seconds=0):
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days, seconds=seconds)).isoformat()


def user(house, name, *grants):
    house.root.ok("POST", "/api/v1/users", {"name": name, "password": PASSWORD, "grants": list(grants)})
    return Caller(house.server, (name, PASSWORD))


def name_delegate(who, delegate, status=201, **more):
    answer = who.post("/api/v1/delegates", {"delegate": delegate, "ends_at": at(days=14)} | more)
    assert answer.status == status, answer
    return answer.json


def ask(house, author=None, text="Be kind."):
    guard_production(house, "support")
    return request_for(alias(house.carl, "support", version(author or house.carl, "support", text)))


def approve(who, request, behalf="rita", **more):
    return who.post(f"/api/v1/change-requests/{request}/approve", {"comment": "checked", "on_behalf_of": behalf} | more)


def test_a_delegate_approves_and_everything_says_on_whose_behalf(house):
    request = ask(house)
    assert approve(house.rex, request).status == 403
    made = name_delegate(house.rita, "rex", reason="on holiday")
    assert made["in_force"] and made["delegator"] == "user:rita" and made["delegate"] == "user:rex", made
    waiting = house.rex.ok("GET", "/api/v1/approvals?waiting_for=me")["items"]
    assert [item["id"] for item in waiting] == [request]
    viewer = house.rex.ok("GET", f"/api/v1/change-requests/{request}")["viewer"]
    assert not viewer["may_approve"] and viewer["delegated"] == [{"delegator": "user:rita", "counts": True, "roles": ["risk"]}], viewer
    assert house.rex.post(f"/api/v1/change-requests/{request}/approve", {}).status == 403  # not in his own name
    moved = approve(house.rex, request)
    assert moved.status == 200 and holder(house, "support") == 1, moved
    given = house.root.ok("GET", f"/api/v1/change-requests/{request}")["approvals"]
    assert [(one["user"], one["on_behalf_of"], one["roles"]) for one in given] == [("user:rex", "user:rita", ["risk"])]
    decision = house.root.ok("GET", f"/api/v1/decisions/{moved.json['decision']}")
    assert decision["input"]["approvals"][0]["on_behalf_of"] == "user:rita"
    assert house.root.ok("POST", f"/api/v1/decisions/{moved.json['decision']}/replay", {})["same"]
    assert entries(house.root, "approval.given", 1)[0]["on_behalf_of"] == "user:rita"
    assert entries(house.root, "delegate.added", 1)[0]["delegate"] == "user:rex"
    verified(house)


def test_neither_persons_own_work_is_approved(house):
    """Not the delegator's through the delegate, and not the delegate's by the delegator's role."""
    house.root.ok("PUT", "/api/v1/users/rita/grants", {"grants": [{"role": "risk"}, {"role": "contributor"}]})
    request = ask(house, author=house.rita)
    name_delegate(house.rita, "rex")
    refused = approve(house.rex, request)
    assert refused.status == 403 and "rita is the author" in refused.text, refused
    dana = user(house, "dana", {"role": "contributor"})
    name_delegate(house.rita, "dana")
    own = request_for(alias(house.carl, "support", version(dana, "support", "Be quick.")))
    refused = approve(dana, own)
    assert refused.status == 403 and "dana is the author" in refused.text, refused
    assert holder(house, "support") is None


def test_two_people_behind_one_role_are_one_voice(house):
    house.guard("prompt/support#production", """package regesta.gate
require contains {"code": "two", "approvals": {"role": "risk", "count": 2}}
""")
    request = request_for(alias(house.carl, "support", version(house.carl, "support", "Be kind.")))
    name_delegate(house.rita, "rex")
    assert house.rita.post(f"/api/v1/change-requests/{request}/approve", {}).status in (200, 202)
    assert approve(house.rex, request).status == 409
    second = request_for(alias(house.carl, "support", version(house.carl, "support", "Be quick.")))
    assert approve(house.rex, second).status == 200
    assert house.rita.post(f"/api/v1/change-requests/{second}/approve", {}).status == 409
    assert holder(house, "support") is None
    rolf = user(house, "rolf", {"role": "risk"})
    assert rolf.post(f"/api/v1/change-requests/{second}/approve", {}).status == 200
    assert holder(house, "support") == 2
    verified(house)


def test_nobody_delegates_what_is_not_theirs(house):
    name_delegate(house.rex, "carl", 403)  # holds no role that approves
    name_delegate(house.root, "carl", 403)  # an administrator is not represented
    name_delegate(house.root, "carl", 400, role="admin")
    name_delegate(house.rita, "carl", 403, role="legal")
    name_delegate(house.token("robot", {"role": "risk"}), "carl", 403)
    name_delegate(house.anonymous, "carl", 401)
    for bad in ({"delegate": "rita"}, {"delegate": "nobody"}, {"delegate": "user:rex"}, {"ends_at": at(days=-1)},
                {"ends_at": at(days=91)}, {"starts_at": at(days=15)}, {"starts_at": at(days=400), "ends_at": at(days=401)},
                {"ends_at": "soon"}):
        name_delegate(house.rita, bad.pop("delegate", "rex"), 400, **bad)
    request = ask(house)
    name_delegate(house.rita, "rex")
    name_delegate(house.rex, "carl", 403)  # a delegate does not delegate on
    dana = user(house, "dana", {"role": "approver"})
    name_delegate(dana, "carl")
    for who, behalf in ((house.carl, "rita"), (house.rex, "dana"), (house.rex, "root"), (house.nina, "rita"),
                        (house.token("second", {"role": "reader"}), "rita")):
        assert approve(who, request, behalf).status in (403, 404), who
    assert approve(house.rex, request, role="legal").status == 403
    assert holder(house, "support") is None


def test_it_ends_at_its_time_and_by_either_and_with_an_account(house):
    request = ask(house)
    early = name_delegate(house.rita, "rex", starts_at=at(days=1), ends_at=at(days=2))
    assert early["why"] == "not started" and approve(house.rex, request).status == 403
    short = name_delegate(house.rita, "rex", ends_at=at(seconds=2))
    eventually(lambda: house.rita.ok("GET", f"/api/v1/delegates/{short['id']}")["why"] == "ended")
    assert approve(house.rex, request).status == 403
    for remover in (house.rita, house.rex, house.root):
        made = name_delegate(house.rita, "rex")
        assert house.carl.post(f"/api/v1/delegates/{made['id']}/remove", {}).status in (403, 404)
        gone = remover.ok("POST", f"/api/v1/delegates/{made['id']}/remove", {})
        assert gone["why"] == "removed" and gone["removed_by"], gone
        assert remover.post(f"/api/v1/delegates/{made['id']}/remove", {}).status == 409
        assert approve(house.rex, request).status == 403
    dana = user(house, "dana", {"role": "risk"})
    made = name_delegate(dana, "rex")
    house.root.ok("DELETE", "/api/v1/users/dana")
    assert "no longer" in house.root.ok("GET", f"/api/v1/delegates/{made['id']}")["why"]
    assert approve(house.rex, request, "dana").status == 403
    assert holder(house, "support") is None
    verified(house)


def test_an_approval_counts_only_while_the_delegator_holds_the_role(house):
    house.guard("prompt/support#production", """package regesta.gate
require contains {"code": "risk", "approvals": {"role": "risk"}}
require contains {"code": "legal", "approvals": {"role": "legal"}}
""")
    request = request_for(alias(house.carl, "support", version(house.carl, "support", "Be kind.")))
    name_delegate(house.rita, "rex")
    assert approve(house.rex, request).status == 200
    house.root.ok("PUT", "/api/v1/users/rita/grants", {"grants": [{"role": "reader"}]})
    lena = user(house, "lena", {"role": "legal"})
    assert lena.post(f"/api/v1/change-requests/{request}/approve", {}).status == 200
    assert holder(house, "support") is None
    house.root.ok("PUT", "/api/v1/users/rita/grants", {"grants": [{"role": "risk"}]})
    house.carl.ok("POST", f"/api/v1/change-requests/{request}/retry", {})
    assert holder(house, "support") == 1
    verified(house)


def test_others_do_not_see_delegates(house):
    made = name_delegate(house.rita, "rex")
    assert house.rex.ok("GET", "/api/v1/delegates")["items"][0]["id"] == made["id"]
    assert house.carl.ok("GET", "/api/v1/delegates")["items"] == []
    assert house.carl.get(f"/api/v1/delegates/{made['id']}").status == 404
    assert house.root.ok("GET", f"/api/v1/delegates/{made['id']}")["reason"] == ""


def test_a_delegate_that_sql_made_approves_nothing(house):
    request = ask(house)
    made = name_delegate(house.rita, "rex", ends_at=at(days=1))
    house.rita.ok("POST", f"/api/v1/delegates/{made['id']}/remove", {})
    house.server.settle()
    house.server.stop()
    with sqlite3.connect(f"{house.server.data}/regesta.db") as database:
        database.execute("UPDATE delegate SET removed_at = 0, removed_by = ''")
        database.execute("INSERT INTO delegate (workspace, delegator, delegate, role, starts_at, ends_at, reason, added_at, removed_at, "
                         "removed_by) SELECT workspace, delegator, 'user:nina', role, starts_at, ends_at, reason, added_at, 0, '' "
                         "FROM delegate")
    house.server.start()
    for who in (house.rex, house.nina):
        assert approve(who, request).status in (403, 404), who
    found = house.root.ok("POST", "/api/v1/ledger/verify", {})
    assert not found["ok"] and any("delegate" in str(finding) for finding in found["findings"]), found


def test_the_command_line(house, tmp_path):
    request = ask(house)

    def run(who, *words, code=0):
        done = subprocess.run([binary(), *words], capture_output=True, text=True, timeout=60, cwd=tmp_path,
                              env={"REGESTA_URL": house.server.url, "REGESTA_USER": who, "REGESTA_PASSWORD": PASSWORD,
                                   "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    assert "user:rex can approve on your behalf" in run("rita", "delegate", "add", "rex", "--days", "7", "--role", "risk", "-m", "away")
    assert "in force" in run("rex", "delegate", "list")
    run("rex", "approve", str(request), code=3)
    assert "now points to version" in run("rex", "approve", str(request), "--for", "rita", "-m", "fine")
    assert "on behalf of user:rita" in run("carl", "request", "show", str(request))
    assert "no longer" in run("rex", "delegate", "remove", "1")
    assert "removed" in run("rita", "delegate", "list")
