"""Mail to subscribers, taken by a real SMTP server (aiosmtpd)."""

import re
import time
import urllib.request

import pytest
from smtp_inbox import Inbox

from conftest import Bank
from regesta_server import eventually


@pytest.fixture
def inbox():
    box = Inbox()
    yield box
    box.stop()


@pytest.fixture
def bank(tmp_path, inbox):
    made = Bank(tmp_path, "--mail-url", inbox.url, "--mail-from", "regesta@bank.example",
                "--mail-encrypt", "false")
    yield made
    assert made.server.stop() == 0, made.server.log()[-4000:]


def subscribe(bank, inbox, person, name, *options):
    address = f"{person}@bank.example"
    getattr(bank, person).done("subscription", "set", name, address, *options)
    [sent] = eventually(lambda: inbox.to(address, f"confirm {name}"))
    code = re.search(rf"subscription confirm {name} (\w+)", sent.get_content())[1]
    getattr(bank, person).done("subscription", "confirm", name, code)
    return address


def test_a_change_request_that_waits_for_me_is_told_once(bank, inbox):
    address = subscribe(bank, inbox, "rita", "reviews")
    request = bank.request(reason="für bessere Ergebnisse")
    [mail] = eventually(lambda: inbox.to(address, f"Change request {request} waits for your approval"))
    assert mail["From"].addresses[0].addr_spec == "regesta@bank.example" and mail["Message-ID"] and mail["Date"]
    assert f"/changes/{request}" in mail.get_content() and "subscription delete reviews" in mail.get_content()
    bank.ron.done("approve", request)
    eventually(lambda: bank.shown(request)["status"] == "applied")
    second = bank.request(by=bank.dave)  # dave is its author, and not asked
    eventually(lambda: inbox.to(address, f"Change request {second} waits"))
    assert len(inbox.to(address, "waits for your approval")) == 2


def test_nothing_is_sent_to_an_address_that_was_not_confirmed(bank, inbox):
    bank.rita.done("subscription", "set", "reviews", "victim@elsewhere.example")
    assert bank.rita.run("subscription", "confirm", "reviews", "0" * 20).returncode == 3
    told = subscribe(bank, inbox, "ron", "reviews")
    bank.request()
    eventually(lambda: inbox.to(told, "waits for your approval"))
    assert len(inbox.to("victim@elsewhere.example")) == 1, "the code and nothing else"
    again = bank.rita.run("subscription", "set", "reviews", "other@elsewhere.example")
    assert again.returncode != 0 and "minute" in again.stderr, "no way to write to many strangers"


@pytest.mark.parametrize("address", ["rita@bank.example\r\nBcc: all@bank.example", "rita", "rita@", "<rita@bank.example>",
                                     "rita@bank.example, ron@bank.example", "ri ta@bank.example", "rita@[127.0.0.1]"])
def test_addresses_that_are_none(bank, inbox, address):
    assert bank.rita.run("subscription", "set", "reviews", address).returncode != 0
    assert not inbox.mails


def test_what_a_user_may_not_read_is_not_sent(bank, inbox):
    bank.root.done("user", "grant", "rex", "--grant", "reader:default:open-*")
    address = subscribe(bank, inbox, "rex", "all", "--event", "version.*")
    bank.carl.done("version", "create", "model/secret", "--source", "s3://bucket/x")
    bank.carl.done("version", "create", "model/open-1", "--source", "s3://bucket/x")
    eventually(lambda: inbox.to(address, "model/open-1@1"))
    assert not inbox.to(address, "secret")


def test_patterns_and_other_peoples_subscriptions(bank, inbox):
    address = subscribe(bank, inbox, "carl", "loans", "--event", "version.created", "--pattern", "model/loan-*")
    bank.carl.done("version", "create", "model/other", "--source", "s3://bucket/x")
    bank.carl.done("version", "create", "model/loan-1", "--source", "s3://bucket/x")
    eventually(lambda: inbox.to(address, "model/loan-1@1"))
    assert not inbox.to(address, "other")
    assert "loans" not in bank.dave.done("subscription", "list")
    assert bank.dave.run("subscription", "delete", "loans").returncode != 0
    bank.carl.done("subscription", "delete", "loans")
    assert [entry["body"]["data"]["name"] for entry in bank.ledger("subscription.deleted")] == ["loans"]
    assert "bank.example" not in str(bank.ledger("subscription.set")), "addresses stay out of the ledger"


def test_a_mail_server_that_is_away_loses_and_doubles_nothing(bank, inbox):
    address = subscribe(bank, inbox, "rita", "reviews")
    inbox.refuse = "451 try again later"
    request = bank.request()
    eventually(lambda: counted(bank, "failed"))
    inbox.refuse = None
    eventually(lambda: inbox.to(address, f"Change request {request} waits"), 120)
    assert len(inbox.to(address, "waits")) == 1


def counted(bank, outcome):
    with urllib.request.urlopen(bank.server.url + "/metrics", timeout=60) as answer:
        return f'regesta_mail_total{{outcome="{outcome}"}}' in answer.read().decode()


def test_a_daily_digest_waits(bank, inbox):
    address = subscribe(bank, inbox, "rita", "daily", "--every", "daily")
    now = subscribe(bank, inbox, "ron", "reviews")
    bank.request()
    eventually(lambda: inbox.to(now, "waits for your approval"))
    if time.time() % 86400 < 86400 - 60:
        assert not inbox.to(address, "waits for your approval")
