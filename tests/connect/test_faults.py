"""A matrix of faults and operations: nothing is lost, nothing is doubled, everything is visible."""

import os

import pytest

from conftest import person, review, status, texts, ticket
from regesta_server import eventually

THOROUGH = bool(os.environ.get("REGESTA_CRASH_SECONDS"))


def settled(bank, site, request, key):
    """The issue says everything once."""
    found = texts(site, key)
    assert len(found) == len(set(found)), found


def test_after_an_outage_everything_is_caught_up(bank, site):
    bank.connect(site)
    first = bank.request("loan")
    key = ticket(bank, first)
    eventually(lambda: status(site, key) == "In Review")
    site.down = True
    eventually(lambda: bank.connection()["state"] == "unreachable")
    assert "could not be reached" in bank.connection()["problem"] and "127.0.0.1" not in bank.connection()["problem"]
    bank.rita.done("request", "comment", first, "-m", "written during the outage")
    second = bank.request("score")
    with site.lock:
        site.move(site.find(key), site.people["rita"], "Approved")  # people there go on
    site.down = False
    other = ticket(bank, second)
    eventually(lambda: bank.shown(first)["status"] == "applied", seconds=120)
    eventually(lambda: any("written during the outage" in text for text in texts(site, key)))
    eventually(lambda: status(site, key) == "Done")
    eventually(lambda: bank.connection()["state"] == "connected")
    assert len(site.issues) == 2 and other != key
    settled(bank, site, first, key)


OPERATIONS = [("POST", r"/issue$"), ("PUT", r"/issue/"), ("POST", r"/comment$"), ("POST", r"/transitions$"),
              ("GET", r"/changelog$"), ("GET", r"/comment$"), ("GET", r"/search/jql$")]
# Every status at every operation takes minutes: by default each operation fails once, and each status comes up.
FAULTS = [(*operation, fault) for operation in OPERATIONS for fault in (429, 503, 500)] if THOROUGH else \
    [(*operation, (429, 503, 500)[place % 3]) for place, operation in enumerate(OPERATIONS)]


@pytest.mark.parametrize("method,path,fault", FAULTS)
def test_a_fault_at_one_operation(bank, cloud, method, path, fault):
    import re
    cloud.fail(2, fault, {"Retry-After": "1"}, lambda made, where: made == method and re.search(path, where))
    bank.connect(cloud)
    request = bank.request()
    bank.rita.done("request", "comment", request, "-m", "a comment")
    key = ticket(bank, request)
    eventually(lambda: status(cloud, key) == "In Review")
    person(cloud, cloud.people["carl"]).add_comment(key, "from there")
    eventually(lambda: any(one["body"] == "from there" for one in bank.comments(request)))
    review(cloud, cloud.people["rita"], key, "Approved")
    eventually(lambda: bank.shown(request)["status"] == "applied")
    eventually(lambda: status(cloud, key) == "Done")
    assert len(cloud.issues) == 1 and not cloud.failures
    assert len([one for one in bank.comments(request) if one["body"] == "from there"]) == 1
    settled(bank, cloud, request, key)


def test_it_waits_as_long_as_it_is_told(bank, cloud):
    cloud.fail(1, 429, {"Retry-After": "3600"})
    bank.connect(cloud)
    bank.request()
    shown = eventually(lambda: (found := bank.connection())["state"] == "limited" and found)
    assert "limits requests" in shown["problem"]
    made = len(cloud.requests)
    import datetime
    wait = datetime.datetime.fromisoformat(shown["next_attempt_at"]) - datetime.datetime.now(datetime.UTC)
    assert 3500 < wait.total_seconds() <= 3600
    bank.carl.json("version", "create", "model/other", "--source", "s3://bucket/y")
    assert len(cloud.requests) == made and not cloud.issues
    bank.root.done("connection", "set", "jira", "--poll", "1")  # whoever sets it again does not wait
    eventually(lambda: cloud.issues)


def test_a_revoked_token_is_visible_and_a_new_one_goes_on(bank, site):
    bank.connect(site)
    request = bank.request()
    key = ticket(bank, request)
    eventually(lambda: status(site, key) == "In Review")
    site.bot.revoked = True
    shown = eventually(lambda: (found := bank.connection())["state"] == "unauthorized" and found)
    assert "refuses the token" in shown["problem"]
    listed = bank.root.done("connection", "list")
    assert "unauthorized" in listed and "refuses the token" in listed
    assert bank.root.run("connection", "test", "jira").returncode == 1
    review(site, site.people["rita"], key, "Approved")
    import urllib.request
    metrics = urllib.request.urlopen(bank.server.url + "/metrics", timeout=60).read().decode()
    assert 'regesta_connection_up{workspace="default",connection="jira"} 0' in metrics
    site.bot.revoked, site.bot.token = False, "a-new-token"
    (bank.folder / "token").write_text("a-new-token")
    bank.root.done("connection", "set", "jira", "--token-file", "token")
    eventually(lambda: bank.shown(request)["status"] == "applied")
    assert bank.root.run("connection", "test", "jira").returncode == 0


@pytest.mark.skipif(not THOROUGH, reason="the lease of a killed server ends after two minutes: REGESTA_CRASH_SECONDS runs it")
@pytest.mark.parametrize("method,path", [("POST", "/issue"), ("POST", "/comment"), ("PUT", "/issue/")])
def test_a_crash_after_the_write_and_before_it_is_noted(bank, cloud, method, path):
    """The server is killed when JIRA has done what was asked and the answer is on its way."""
    def crash(made, where):
        if made == method and (where.endswith(path) or (path.endswith("/") and path in where)):
            cloud.after = None
            bank.server.kill()
    bank.connect(cloud)
    port = bank.server.port
    cloud.after = crash
    if method == "POST" and path == "/comment":
        request = bank.request()
        ticket(bank, request)
        try:
            bank.rita.run("request", "comment", request, "-m", "once")
        finally:
            eventually(lambda: bank.server.process.poll() is not None)
    else:
        number = bank.carl.json("version", "create", "model/loan", "--source", "s3://bucket/x")["version"]
        bank.carl.run("promote", f"loan@{number}", "-m", "x")
        eventually(lambda: bank.server.process.poll() is not None)
    bank.server.start(port)
    request = bank.newest()
    key = ticket(bank, request, 240)  # the lease of the killed server has to run out first
    eventually(lambda: status(cloud, key) == "In Review", seconds=240)
    review(cloud, cloud.people["rita"], key, "Approved")
    eventually(lambda: bank.shown(request)["status"] == "applied")
    eventually(lambda: status(cloud, key) == "Done")
    assert len(cloud.issues) == 1, "one issue, found by its label"
    settled(bank, cloud, request, key)


def test_an_issue_with_the_label_that_somebody_else_made_is_not_adopted(bank, cloud):
    cloud.down = True
    bank.connect(cloud)
    request = bank.request()
    bank.server.settle()
    cloud.down = False
    key = ticket(bank, request)
    label = cloud.find(key)["labels"][1]
    bank.root.done("connection", "delete", "jira", "--yes")
    cloud.find(key)["labels"] = []
    cloud_issue = {"fields": {"project": {"key": "ML"}, "issuetype": {"name": "Task"}, "summary": "trap", "labels": [label]}}
    person(cloud, cloud.mallory).create_issue(fields=cloud_issue["fields"])
    bank.connect(cloud)
    eventually(lambda: bank.shown(request)["tickets"])
    assert cloud.find(bank.shown(request)["tickets"][0]["key"])["creator"] is cloud.bot


def test_an_issue_that_was_deleted_is_visible(bank, cloud):
    bank.connect(cloud)
    request = bank.request()
    key = ticket(bank, request)
    person(cloud, cloud.people["carl"]).issue(key).delete()
    eventually(lambda: bank.shown(request)["tickets"][0].get("problem"))
    problem = bank.shown(request)["tickets"][0]["problem"]
    assert "no longer exists" in problem or "has no issue" in problem, problem
    bank.rita.done("approve", request, "-m", "goes on here")
    assert bank.shown(request)["status"] == "applied"


def test_what_cannot_be_created_is_said_and_created_later(bank, cloud):
    bank.connect(cloud)
    bank.root.done("connection", "set", "jira", "--project", "NONE")
    bank.request()
    shown = eventually(lambda: (found := bank.connection())["state"] == "refused" and found)
    assert "valid project is required" in shown["problem"]
    bank.root.done("connection", "set", "jira", "--project", "ML")
    eventually(lambda: cloud.issues, seconds=90)


def test_a_connection_that_is_made_again_goes_on_with_its_issues(bank, cloud):
    bank.connect(cloud)
    request = bank.request()
    key = ticket(bank, request)
    person(cloud, cloud.people["carl"]).add_comment(key, "before")
    eventually(lambda: len(bank.comments(request)) == 1)
    bank.root.done("connection", "delete", "jira", "--yes")
    assert not bank.shown(request)["tickets"]
    bank.connect(cloud)
    assert ticket(bank, request) == key
    person(cloud, cloud.people["carl"]).add_comment(key, "after")
    eventually(lambda: len(bank.comments(request)) == 2)
    assert [one["body"] for one in bank.comments(request)] == ["before", "after"] and len(cloud.issues) == 1
    settled(bank, cloud, request, key)
