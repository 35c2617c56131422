"""Reviews in ServiceNow, on a stand-in for it: the scenarios of the other connectors, and attacks that are ServiceNow's own."""

import json

import pytest
from servicenow_server import ServiceNow

from conftest import ticket
from regesta_server import eventually


@pytest.fixture
def instance():
    made = ServiceNow(skew=3600.5)
    made.people = {user: made.account(f"{user}.now", user.title()) for user in ("carl", "rita", "ron", "dave")}
    made.mallory = made.account("mallory.now", "Mallory")
    yield made
    made.down = False
    made.stop()
    assert not made.errors, made.errors


def connect(bank, instance, *options):
    (bank.folder / "token").write_text(instance.bot.token + "\n")
    words = ["connection", "set", "servicenow", "--url-to", instance.url, "--user", instance.bot.login, "--token-file", "token", "--poll", 1]
    for user, account in instance.people.items():
        words += ["--map", f"{account.id}={user}"]
    return bank.root.json(*words, *options)


def shown(bank, instance, request):
    """The number of the change request there, once it asks for approval, in a later second than its description."""
    number = ticket(bank, request)
    eventually(lambda: instance.find(number)["approval"] == "requested")
    described = instance.find(number)["sys_updated_on"]
    eventually(lambda: instance.now() > described)
    return number


def review(instance, person, number, state="approved", record=None):
    record = record or instance.approver(number, person)
    instance.write(person, "sysapproval_approver", record, state=state)


def test_a_reviewer_approves_in_servicenow(bank, instance):
    connect(bank, instance)
    request = bank.request(reason="better [code]<script>alert(1)</script>[/code]")
    number = shown(bank, instance, request)
    record = instance.find(number)
    for text in ("model/loan@1", "production", "risk agrees", "missing", "carl", f"/changes/{request}"):
        assert text in record["short_description"] + record["description"], (text, record)
    assert "[code]" not in record["description"] and "[/code]" not in record["description"]
    review(instance, instance.people["rita"], number)
    applied = eventually(lambda: (found := bank.shown(request))["status"] == "applied" and found)
    assert [(one["user"], one["roles"]) for one in applied["approvals"]] == [("user:rita", ["risk"])]
    assert eventually(lambda: any("now points to version 1" in text for text in instance.journal(number)))
    [entry] = bank.ledger("approval.given")
    assert entry["body"]["data"]["via"]["ticket"] == number and entry["body"]["actor"] == "user:rita"
    text = bank.root.done("request", "show", request)
    assert number in text and f"{instance.url}/change_request.do?sys_id={record['sys_id']}" in text
    said = instance.journal(number)
    assert len(said) == len(set(said)), said


def test_a_reviewer_rejects_and_comments_go_both_ways_once(bank, instance):
    connect(bank, instance)
    request = bank.request()
    number = shown(bank, instance, request)
    bank.rita.done("request", "comment", request, "-m", "is the holdout from [CODE]this[/code] year?")
    eventually(lambda: any("is the holdout" in text and "[ CODE]" in text for text in instance.journal(number)))
    record = instance.find(number)
    instance.write(instance.people["carl"], "change_request", record, comments="it is from June")
    instance.write(instance.people["carl"], "change_request", record, work_notes="for the team only")
    eventually(lambda: any(one["body"] == "it is from June" for one in bank.comments(request)))
    review(instance, instance.people["rita"], number, "rejected")
    eventually(lambda: bank.shown(request)["status"] == "rejected")
    assert bank.shown(request)["closed_by"] == "user:rita"
    assert [one["user"] for one in bank.comments(request)] == ["user:rita", "user:carl"]
    assert len([text for text in instance.journal(number) if "is the holdout" in text]) == 1


def test_two_reviewers_approve_one_after_the_other(bank, instance):
    connect(bank, instance)
    request = bank.request(alias="critical")
    number = shown(bank, instance, request)
    review(instance, instance.people["rita"], number)
    eventually(lambda: len(bank.shown(request)["approvals"]) == 1)
    review(instance, instance.people["ron"], number)
    eventually(lambda: bank.shown(request)["status"] == "applied")


def test_approvals_by_others_do_not_count(bank, instance):
    """By who is not mapped, by an administrator in another one's record, by the author, and by the field alone."""
    connect(bank, instance)
    request = bank.request(by=bank.dave)
    number = shown(bank, instance, request)
    review(instance, instance.mallory, number)
    eventually(lambda: any("does not belong to a Regesta user" in text for text in instance.journal(number)))
    review(instance, instance.mallory, number, record=instance.approver(number, instance.people["rita"]))
    instance.write(instance.people["rita"], "change_request", instance.find(number), approval="requested")
    instance.write(instance.people["rita"], "change_request", instance.find(number), approval="approved")
    review(instance, instance.people["dave"], number)
    eventually(lambda: any("author" in text for text in instance.journal(number)))
    assert bank.shown(request)["status"] == "open" and not bank.shown(request)["approvals"]
    review(instance, instance.people["rita"], number)
    eventually(lambda: bank.shown(request)["status"] == "applied")


def test_a_changed_description_makes_reviews_void(bank, instance):
    connect(bank, instance)
    request = bank.request()
    number = shown(bank, instance, request)
    instance.down = True
    instance.write(instance.mallory, "change_request", instance.find(number), description="a harmless change")
    time_before = instance.now()
    eventually(lambda: instance.now() > time_before)
    review(instance, instance.people["rita"], number)
    instance.down = False
    eventually(lambda: any("review again" in text for text in instance.journal(number)), seconds=120)
    eventually(lambda: "risk agrees" in instance.find(number)["description"])
    assert bank.shown(request)["status"] == "open"


def test_a_lost_answer_makes_no_second_change_or_comment(bank, instance):
    connect(bank, instance)
    instance.lost.append("POST")
    request = bank.request("loan")
    number = shown(bank, instance, request)
    assert len(instance.tables["change_request"]) == 1 and not instance.lost
    instance.lost.append("PATCH")
    bank.rita.done("request", "comment", request, "-m", "only once")
    eventually(lambda: any("only once" in text for text in instance.journal(number)) and not instance.lost)
    bank.rita.done("request", "comment", request, "-m", "the next one")
    eventually(lambda: any("the next one" in text for text in instance.journal(number)))
    assert len([text for text in instance.journal(number) if "only once" in text]) == 1


def test_a_copied_label_is_not_ours(bank, instance):
    """A change request with the label that somebody else created is not taken for the one whose answer was lost."""
    connect(bank, instance)
    instance.after_loss = lambda: instance.tables["change_request"][0].update(sys_created_by=instance.mallory.login)
    instance.lost.append("POST")
    number = ticket(bank, bank.request("loan"))
    assert number != instance.tables["change_request"][0]["number"] and len(instance.tables["change_request"]) == 2


def test_after_an_outage_everything_is_caught_up(bank, instance):
    connect(bank, instance)
    first = bank.request("loan")
    number = shown(bank, instance, first)
    instance.down = True
    eventually(lambda: bank.connection("servicenow")["state"] == "unreachable")
    bank.rita.done("request", "comment", first, "-m", "written during the outage")
    second = bank.request("score")
    review(instance, instance.people["rita"], number)
    instance.down = False
    eventually(lambda: bank.shown(first)["status"] == "applied", seconds=120)
    assert ticket(bank, second) != number
    eventually(lambda: any("written during the outage" in text for text in instance.journal(number)))
    eventually(lambda: bank.connection("servicenow")["state"] == "connected")
    said = instance.journal(number)
    assert len(said) == len(set(said)) and len(instance.tables["change_request"]) == 2, said


@pytest.mark.parametrize("method,path,fault", [("POST", r"/change_request$", 503), ("PATCH", r"/change_request/", 429),
                                               ("GET", r"/sys_audit$", 500), ("GET", r"/sysapproval_approver$", 429),
                                               ("GET", r"/sys_journal_field$", 503), ("GET", r"/change_request$", 500),
                                               ("GET", r"/sys_user$", 503)])
def test_a_fault_at_one_operation(bank, instance, method, path, fault):
    import re
    instance.fail(2, fault, {"Retry-After": "1"}, lambda made, where: made == method and re.search(path, where))
    connect(bank, instance)
    request = bank.request()
    bank.rita.done("request", "comment", request, "-m", "a comment")
    number = shown(bank, instance, request)
    instance.write(instance.people["carl"], "change_request", instance.find(number), comments="from there")
    eventually(lambda: any(one["body"] == "from there" for one in bank.comments(request)))
    review(instance, instance.people["rita"], number)
    eventually(lambda: bank.shown(request)["status"] == "applied")
    said = instance.journal(number)
    assert len(instance.tables["change_request"]) == 1 and not instance.failures and len(said) == len(set(said)), said


def test_another_field_is_read_from_the_audit_history(bank, instance):
    connect(bank, instance, "--field", "state", "--status", "open=-4", "--status", "approve=-2", "--status", "reject=4",
            "--status", "applied=3")
    request = bank.request()
    number = ticket(bank, request)
    eventually(lambda: instance.find(number)["state"] == "-4")
    described = instance.find(number)["sys_updated_on"]
    eventually(lambda: instance.now() > described)
    instance.write(instance.people["rita"], "change_request", instance.find(number), state="-2")
    eventually(lambda: bank.shown(request)["status"] == "applied")
    eventually(lambda: instance.find(number)["state"] == "3")


def test_wrong_credentials_and_bad_settings_are_named(bank, instance):
    connect(bank, instance)
    instance.bot.revoked = True
    assert "refuses the token" in bank.root.run("connection", "test", "servicenow").stdout
    instance.bot.revoked = False
    assert "regesta.bot" in bank.root.done("connection", "test", "servicenow") or \
        "Regesta bot" in bank.root.done("connection", "test", "servicenow")
    refused = bank.root.run("connection", "set", "servicenow", "--field", "state^ORDERBY")
    assert refused.returncode != 0 and "field" in refused.stderr
    made = json.dumps([bank.connection("servicenow"), bank.ledger("connection.set")])
    assert instance.bot.token not in made
