"""Who may not approve through JIRA, and what must not make anybody approve."""

import pytest

from conftest import SECRET, person, review, site_with_people, status, texts, ticket
from regesta_server import eventually


def refusal(bank, site, key, words):
    """Waits for the comment that says why a review did not count."""
    found = eventually(lambda: [text for text in texts(site, key) if "did not count" in text and words in text])
    assert len(found) == 1, found


def stands(bank, site, key, request):
    """The request is open without approvals, and its issue is back where reviews are awaited."""
    shown = bank.shown(request)
    assert shown["status"] == "open" and not shown["approvals"], shown
    eventually(lambda: status(site, key) == "In Review")


@pytest.fixture
def opened(bank, site):
    bank.connect(site)
    request = bank.request()
    key = ticket(bank, request)
    eventually(lambda: status(site, key) == "In Review")
    return request, key


def test_who_takes_the_name_of_an_approver_is_still_nobody(bank, site, opened):
    request, key = opened
    site.mallory.display, site.mallory.login = site.people["rita"].display, "rita@bank.example.evil"
    review(site, site.mallory, key, "Approved")
    refusal(bank, site, key, "acc-mallory does not belong to a Regesta user")
    stands(bank, site, key, request)
    [entry] = [one for one in bank.ledger("access.refused") if one["body"]["subject"] == f"change-request/{request}"]
    assert entry["body"]["data"]["account"] == "acc-mallory" and entry["body"]["actor"] == "system:connect"


def test_an_approver_who_renames_herself_stays_who_she_is(bank, site, opened):
    request, key = opened
    site.people["rita"].display, site.people["rita"].login = "Somebody Else", "else@bank.example"
    review(site, site.people["rita"], key, "Approved")
    eventually(lambda: bank.shown(request)["status"] == "applied")
    assert bank.shown(request)["approvals"][0]["user"] == "user:rita"


def test_the_author_does_not_approve_through_jira(bank, site):
    bank.connect(site)
    request = bank.request(by=bank.dave)
    key = ticket(bank, request)
    eventually(lambda: status(site, key) == "In Review")
    review(site, site.people["dave"], key, "Approved")
    refusal(bank, site, key, "dave")
    stands(bank, site, key, request)
    [entry] = [one for one in bank.ledger("access.refused") if one["body"]["subject"] == f"change-request/{request}"]
    assert entry["body"]["actor"] == "user:dave"


def test_a_mapped_user_without_the_role_does_not_approve(bank, site, opened):
    request, key = opened
    review(site, site.people["carl"], key, "Approved")
    refusal(bank, site, key, "")
    stands(bank, site, key, request)


def test_a_role_that_was_taken_away_is_gone(bank, site, opened):
    request, key = opened
    bank.root.done("user", "delete", "rita")
    review(site, site.people["rita"], key, "Approved")
    refusal(bank, site, key, "rita")
    stands(bank, site, key, request)


def test_the_account_of_the_connection_approves_nothing(bank, site):
    site.people["rita2"] = site.bot  # an administrator's mistake
    site.people.pop("rita2")
    bank.connect(site)
    bank.root.done("connection", "set", "jira", "--map", f"{site.bot.id}=rita")
    request = bank.request()
    key = ticket(bank, request)
    looks = site.count("GET", r"/issue/\d+$")
    with site.lock:
        site.move(site.find(key), site.bot, "Approved")
    eventually(lambda: site.count("GET", r"/issue/\d+$") > looks + 2)
    assert bank.shown(request)["status"] == "open" and not bank.shown(request)["approvals"]


@pytest.mark.parametrize("headers", [{"X-Hub-Signature": "sha256=" + "0" * 64}, {"X-Hub-Signature": ""}, {"X-Hub-Signature": "sha1=00"}])
def test_a_forged_event_is_refused(bank, cloud, headers):
    bank.connect(cloud)
    url = bank.connection()["events_url"]
    assert cloud.event(url, SECRET, **headers) == 401
    assert cloud.event(url, "another secret, just as long as it") == 401
    assert cloud.event(url.replace("/jira/", "/other/"), SECRET) == 401, "a wrong name tells nothing"
    assert cloud.event(url, SECRET) == 202


def test_what_an_event_says_counts_for_nothing(bank, cloud):
    """Signed, and all of it invented: rita moves the issue to Approved."""
    bank.connect(cloud, poll=3600)
    request = bank.request()
    key = ticket(bank, request)
    eventually(lambda: status(cloud, key) == "In Review")
    rita = cloud.people["rita"]
    invented = {"webhookEvent": "jira:issue_updated", "issue": {"id": cloud.find(key)["id"], "key": key, "fields": {"status": {"name": "Approved"}}},
                "user": {"accountId": rita.id}, "changelog": {"id": "99999", "items": [
                    {"field": "status", "fieldtype": "jira", "toString": "Approved"}]}}
    looks = cloud.count("GET", r"/issue/\d+$")
    assert cloud.event(bank.connection()["events_url"], SECRET, invented) == 202
    eventually(lambda: cloud.count("GET", r"/issue/\d+$") > looks)
    assert bank.shown(request)["status"] == "open" and not bank.shown(request)["approvals"]


def test_an_event_makes_it_look_before_its_time(bank, cloud):
    bank.connect(cloud, poll=3600)
    request = bank.request()
    key = ticket(bank, request)
    eventually(lambda: status(cloud, key) == "In Review")
    review(cloud, cloud.people["rita"], key, "Approved")
    for _ in range(5):  # replayed
        assert cloud.event(bank.connection()["events_url"], SECRET) == 202
    eventually(lambda: bank.shown(request)["status"] == "applied")
    assert len(bank.ledger("approval.given")) == 1


def test_the_same_change_counts_once(bank, cloud):
    """rita's old approval is not taken again for what has changed since, in whatever order her changes are seen."""
    bank.connect(cloud)
    request = bank.request(alias="critical")
    key = ticket(bank, request)
    eventually(lambda: status(cloud, key) == "In Review")
    review(cloud, cloud.people["rita"], key, "Approved")
    eventually(lambda: len(bank.shown(request)["approvals"]) == 1)
    eventually(lambda: status(cloud, key) == "In Review")
    with cloud.lock:
        issue = cloud.find(key)
        issue["changes"].reverse()
        issue["updated"] = cloud.now()
        old = next(one for one in issue["changes"] if one["author"] is cloud.people["rita"])
        issue["changes"].insert(0, dict(old))
        issue["changes"].append(dict(old, id="1"))  # the same moment under another number
    refusal(bank, cloud, key, "")
    shown = bank.shown(request)
    assert len(shown["approvals"]) == 1 and shown["status"] == "open"
    assert len(bank.ledger("approval.given")) == 1


def test_an_approval_is_for_what_the_issue_said(bank, cloud):
    """carl rewrites the evidence in the issue; rita approves that. Her approval does not count, and the text is restored."""
    bank.connect(cloud, poll=3600)
    request = bank.request()
    key = ticket(bank, request)
    eventually(lambda: status(cloud, key) == "In Review")
    person(cloud, cloud.people["carl"]).issue(key).update(description="accuracy 99.9 %, all checks pass")
    review(cloud, cloud.people["rita"], key, "Approved")
    cloud.event(bank.connection()["events_url"], SECRET)
    refusal(bank, cloud, key, "changed by somebody else")
    stands(bank, cloud, key, request)
    assert "99.9" not in str(cloud.find(key)["description"])
    review(cloud, cloud.people["rita"], key, "Approved")  # she has read what is true
    cloud.event(bank.connection()["events_url"], SECRET)
    eventually(lambda: bank.shown(request)["status"] == "applied")


def test_an_approval_is_for_what_there_was(bank, cloud):
    """A claim is added while JIRA is away and rita has approved the former state there."""
    bank.connect(cloud)
    request = bank.request()
    key = ticket(bank, request)
    eventually(lambda: status(cloud, key) == "In Review")
    cloud.fail(10_000, 503)
    eventually(lambda: bank.connection()["state"] == "unreachable")
    with cloud.lock:
        cloud.move(cloud.find(key), cloud.people["rita"], "Approved")
    bank.call("PATCH", "/api/v1/assets/model/loan/versions/1", {"description": "another text than rita saw"})
    with cloud.lock:
        cloud.failures.clear()
    refusal(bank, cloud, key, "review")
    assert not bank.shown(request)["approvals"]


def test_only_administrators_of_the_server_say_who_is_who(bank, cloud):
    bank.root.done("workspace", "create", "west")
    bank.root.done("user", "create", "wendy", "--password", "correct horse battery", "--grant", "admin:west")
    wendy = bank.line("wendy")
    (bank.folder / "token").write_text(cloud.bot.token)
    words = ["--workspace", "west", "connection", "set", "jira", "--url-to", cloud.url, "--project", "ML", "--token-file", "token",
             "--user", cloud.bot.login, "--edition", "cloud"]
    assert wendy.run(*words).returncode == 0, wendy.run(*words).stderr
    got = wendy.run(*words, "--map", "acc-mallory=rita")
    assert got.returncode == 3 and "admin" in got.stderr
    assert wendy.run("connection", "list").returncode == 3, "another workspace"


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://10.1.2.3", "file:///etc/passwd", "http://user:pw@jira.example"])
def test_a_connection_reaches_what_a_webhook_may_reach(bank, cloud, url):
    got = bank.root.run("connection", "set", "jira", "--url-to", url, "--project", "ML", "--token-file", "gate.rego")
    assert got.returncode != 0 and "url" in got.stderr, got.stderr


def test_the_token_does_not_go_to_another_site(bank, cloud):
    bank.connect(cloud)
    thief = site_with_people(True)
    got = bank.root.run("connection", "set", "jira", "--url-to", thief.url)
    thief.stop()
    assert got.returncode != 0 and "token" in got.stderr and not thief.requests
