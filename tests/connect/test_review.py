"""The bank's review in JIRA: what happens on one side is seen on the other, once."""

import json

from jira_server import text_of

from conftest import SECRET, other_person, person, review, status, texts, ticket
from regesta_server import eventually


def test_a_reviewer_approves_in_jira(bank, site):
    bank.connect(site)
    request = bank.request(reason="better accuracy [link|http://evil.example] {color:red}")
    key = ticket(bank, request)
    eventually(lambda: status(site, key) == "In Review")
    issue = site.find(key)
    description = text_of(issue["description"])
    for shown in ("model/loan@1", "production", "risk agrees", "missing", "carl", f"/changes/{request}"):
        assert shown in description + issue["summary"] + json.dumps(issue["description"]), (shown, description)
    if not site.cloud:
        assert "\\[link\\|http" in description and "\\{color" in description, "what people wrote is text, not markup"

    review(site, site.people["rita"], key, "Approved")
    applied = eventually(lambda: (shown := bank.shown(request))["status"] == "applied" and shown)
    assert [(one["user"], one["roles"]) for one in applied["approvals"]] == [("user:rita", ["risk"])]
    eventually(lambda: status(site, key) == "Done")
    assert eventually(lambda: any("now points to version 1" in text for text in texts(site, key)))
    [entry] = bank.ledger("approval.given")
    change = next(one for one in issue["changes"] if one["author"] is site.people["rita"])
    assert entry["body"]["actor"] == "user:rita"
    assert entry["body"]["data"]["via"] == {"connection": "jira", "event": f"change {change['id']}", "ticket": key}
    shown = bank.root.done("request", "show", request)
    assert key in shown and f"{site.url}/browse/{key}" in shown
    bank.server.settle()
    verified = bank.root.run("ledger", "verify", "--data", bank.folder / "data")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_reviewer_rejects_in_jira(bank, site):
    bank.connect(site)
    request = bank.request()
    key = ticket(bank, request)
    eventually(lambda: status(site, key) == "In Review")
    other_person(site, site.people["rita"]).set_issue_status(key, "Rejected")
    rejected = eventually(lambda: (shown := bank.shown(request))["status"] == "rejected" and shown)
    assert rejected["closed_by"] == "user:rita" and key in rejected["closed_reason"]
    eventually(lambda: any("rita rejected" in text for text in texts(site, key)))
    assert status(site, key) == "Rejected"


def test_two_reviewers_approve_one_after_the_other(bank, site):
    bank.connect(site)
    request = bank.request(alias="critical")
    key = ticket(bank, request)
    eventually(lambda: status(site, key) == "In Review")
    review(site, site.people["rita"], key, "Approved")
    eventually(lambda: len(bank.shown(request)["approvals"]) == 1)
    eventually(lambda: status(site, key) == "In Review")  # for the next one
    review(site, site.people["ron"], key, "Approved")
    eventually(lambda: bank.shown(request)["status"] == "applied")
    eventually(lambda: status(site, key) == "Done")
    approvals = [text for text in texts(site, key) if "approved as risk" in text]
    assert len(approvals) == 2, texts(site, key)


def test_a_delegate_reviews_in_jira(bank, cloud):
    """In their own name where that counts, else for the one approver who is away; for several, it must be said in Regesta."""
    cloud.people["rex"] = cloud.account("rex@bank.example", "acc-rex", "Rex")
    bank.connect(cloud)
    request = bank.request()
    key = ticket(bank, request)
    eventually(lambda: status(cloud, key) == "In Review")
    review(cloud, cloud.people["rex"], key, "Approved")
    eventually(lambda: [one for one in bank.ledger("access.refused") if one["body"]["actor"] == "user:rex"])
    assert bank.shown(request)["approvals"] == []

    bank.rita.done("delegate", "add", "rex", "--days", "3", "-m", "on holiday")
    eventually(lambda: status(cloud, key) == "In Review")
    review(cloud, cloud.people["rex"], key, "Approved")
    applied = eventually(lambda: (shown := bank.shown(request))["status"] == "applied" and shown)
    assert [(one["user"], one["on_behalf_of"], one["roles"]) for one in applied["approvals"]] == [("user:rex", "user:rita", ["risk"])]
    assert eventually(lambda: any("rex approved as risk on behalf of rita" in text for text in texts(cloud, key)))

    bank.ron.done("delegate", "add", "rex", "--days", "3", "-m", "away as well")
    other = bank.request()
    key = ticket(bank, other)
    eventually(lambda: status(cloud, key) == "In Review")
    review(cloud, cloud.people["rex"], key, "Approved")
    assert eventually(lambda: any("the delegate of user:rita and user:ron" in text for text in texts(cloud, key))), texts(cloud, key)
    assert bank.shown(other)["approvals"] == []
    bank.ron.done("delegate", "add", "rita", "--days", "3", "-m", "away as well")
    eventually(lambda: status(cloud, key) == "In Review")
    review(cloud, cloud.people["rita"], key, "Approved")
    applied = eventually(lambda: (shown := bank.shown(other))["status"] == "applied" and shown)
    assert [(one["user"], one.get("on_behalf_of")) for one in applied["approvals"]] == [("user:rita", None)], "her own name comes first"


def test_comments_go_both_ways_once(bank, site):
    bank.connect(site)
    request = bank.request()
    key = ticket(bank, request)
    bank.rita.done("request", "comment", request, "-m", "is the holdout from this year?\n- [x] *yes*")
    eventually(lambda: any("is the holdout" in text and "rita commented" in text for text in texts(site, key)))
    person(site, site.people["carl"]).add_comment(key, "it is from June\nsee the card")
    other_person(site, site.mallory).issue_add_comment(key, "let me in")
    person(site, site.people["rita"]).add_comment(key, "for risk only", visibility={"type": "role", "value": "Risk"})
    there = eventually(lambda: len(found := bank.comments(request)) == 3 and found)
    assert [one["user"] for one in there] == ["user:rita", "user:carl", "system:connect"]
    assert there[1]["body"] == "it is from June\nsee the card"
    assert "Mallory" in there[2]["body"] and "acc-mallory" in there[2]["body"] and "let me in" in there[2]["body"]
    # Everything is looked at again; nothing comes twice.
    looks = site.count("GET", r"/issue/\d+$")
    for _ in range(3):
        assert site.event(bank.connection()["events_url"], SECRET) == 202
    person(site, site.mallory).add_comment(key, "still here?")
    eventually(lambda: len(bank.comments(request)) == 4 and site.count("GET", r"/issue/\d+$") > looks + 1)
    posted = texts(site, key)
    assert len([text for text in posted if "is the holdout" in text]) == 1
    assert not any("June" in text and "commented in Regesta" in text for text in posted), "what came from there does not go back"
    assert not any("for risk only" in one["body"] for one in bank.comments(request)), "restricted comments stay there"


def test_what_happens_here_is_seen_there(bank, site):
    bank.connect(site)
    withdrawn, stale = bank.request("loan"), bank.request("score")
    first, second = ticket(bank, withdrawn), ticket(bank, stale)
    bank.carl.done("request", "withdraw", withdrawn, "-m", "a better one comes")
    eventually(lambda: any("carl withdrew" in text and "a better one comes" in text for text in texts(site, first)))
    bank.root.done("connection", "set", "jira", "--status", "stale=Canceled")
    again = bank.request("score")
    bank.rita.done("approve", again, "-m", "good")
    eventually(lambda: bank.shown(stale)["status"] == "stale")
    eventually(lambda: any("stale" in text for text in texts(site, second)))
    eventually(lambda: status(site, second) == "Canceled")


def test_only_matching_assets_get_issues(bank, cloud):
    bank.connect(cloud, "--pattern", "model/loan-*")
    other, wanted = bank.request("score"), bank.request("loan-risk")
    ticket(bank, wanted)
    assert not bank.shown(other)["tickets"] and len(cloud.issues) == 1


def test_the_secrets_are_nowhere(bank, cloud):
    made = bank.connect(cloud)
    request = bank.request()
    ticket(bank, request)
    shown = json.dumps([made, bank.connection(), bank.root.json("connection", "list"), bank.ledger("connection.set")])
    stored = b"".join(path.read_bytes() for path in (bank.folder / "data").glob("regesta.db*")).decode(errors="replace")
    for secret in (cloud.bot.token, SECRET):
        assert secret not in shown and secret not in stored and secret not in bank.server.log()
    assert bank.ledger("connection.set")[0]["body"]["data"]["users"]["acc-rita-5b"] == "rita"
