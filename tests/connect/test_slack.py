"""Review in Slack and messages to Teams: what a click does, and who must not approve by one."""

import http.server
import json
import sqlite3
import threading
import time

import pytest
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier
from slack_server import CHANNEL, Slack

from conftest import PASSWORD
from regesta_server import eventually


@pytest.fixture
def slack():
    site = Slack()
    for name in ("rita", "ron", "dave", "carl", "mallory"):
        site.person(f"U{name.upper()}")
    yield site
    site.stop()


def connect(bank, site, *options):
    (bank.folder / "token").write_text(site.token)
    (bank.folder / "signing-secret").write_text(site.secret)
    words = ["connection", "set", "slack", "--url-to", site.url, "--project", CHANNEL, "--token-file", "token",
             "--webhook-secret-file", "signing-secret", "--poll", 1]
    for name in ("rita", "ron", "dave", "carl"):
        words += ["--map", f"U{name.upper()}={name}"]
    bank.root.json(*words, *options)
    return bank.connection("slack")["events_url"]


def looked_at(bank, request):
    with sqlite3.connect(f"file:{bank.server.data}/regesta.db?mode=ro", uri=True) as database:
        [[decision]] = database.execute("SELECT shown_decision FROM change_request_link WHERE change_request = ?", (request,)).fetchall() or [[""]]
    return decision != ""


def message(bank, site, request):
    """The request's message, once Regesta knows that it shows the newest decision."""
    def described():
        tickets = bank.shown(request)["tickets"]
        found = [one for one in site.requests() if one.get("edited")]
        # It looks at the message again after it wrote it: a review from before that look has to be given again.
        return tickets and tickets[0]["url"] and found and looked_at(bank, request) and found[-1]
    return eventually(described)


@pytest.fixture
def opened(bank, slack):
    url = connect(bank, slack)
    request = bank.request()
    return url, request, message(bank, slack, request)["ts"]


def refused(bank, slack, request, stamp, words):
    eventually(lambda: [text for text in slack.thread(stamp) if "did not count" in text and words in text])
    shown = bank.shown(request)
    assert shown["status"] == "open" and not shown["approvals"], shown


def test_a_click_approves_as_the_mapped_user(bank, slack, opened):
    url, request, stamp = opened
    client = WebClient(token=slack.token, base_url=slack.url + "/")
    shown = client.conversations_history(channel=CHANNEL)["messages"][0]
    assert "loan" in json.dumps(shown["blocks"]) and "regesta_approve" in json.dumps(shown["blocks"])
    assert slack.click(url, "URITA", stamp, "approve")[0] == 200
    eventually(lambda: bank.shown(request)["status"] == "applied")
    [approval] = bank.shown(request)["approvals"]
    assert approval["user"] == "user:rita"
    [entry] = bank.ledger("approval.given")
    assert entry["body"]["data"]["via"]["connection"] == "slack"
    eventually(lambda: "regesta_approve" not in json.dumps(slack.requests()[0]["blocks"]))
    assert any("Applied" in text for text in slack.thread(stamp))
    assert "users.info" in slack.calls, "who clicked is read back from Slack"


def test_a_click_rejects(bank, slack, opened):
    url, request, stamp = opened
    assert slack.click(url, "URON", stamp, "reject")[0] == 200
    eventually(lambda: bank.shown(request)["status"] == "rejected")


def test_replies_in_the_thread_are_comments_and_back(bank, slack, opened):
    url, request, stamp = opened
    slack.reply("URITA", stamp, "why &lt;this&gt; &amp; not that?")
    eventually(lambda: [one for one in bank.comments(request) if one["body"] == "why <this> & not that?" and one["user"] == "user:rita"])
    bank.carl.done("request", "comment", request, "-m", "because of <!channel> & more")
    told = eventually(lambda: [text for text in slack.thread(stamp) if "because" in text])
    assert len(told) == 1 and "<!channel>" not in told[0] and "&lt;!channel&gt;" in told[0]


def test_who_is_not_mapped_or_lacks_the_role_does_not_approve(bank, slack, opened):
    url, request, stamp = opened
    assert slack.click(url, "UMALLORY", stamp, "approve")[0] == 200
    refused(bank, slack, request, stamp, "UMALLORY does not belong to a Regesta user")
    assert slack.click(url, "UCARL", stamp, "approve")[0] == 200
    eventually(lambda: len([text for text in slack.thread(stamp) if "did not count" in text]) == 2)
    assert not bank.shown(request)["approvals"]


@pytest.mark.parametrize("state", [{"deleted": True}, {"is_bot": True}, {"is_restricted": True}, {"team_id": "TOTHER"}])
def test_an_account_that_slack_no_longer_trusts_does_not_approve(bank, slack, opened, state):
    url, request, stamp = opened
    slack.users["URITA"] |= state
    assert slack.click(url, "URITA", stamp, "approve")[0] == 200
    refused(bank, slack, request, stamp, "does not belong to a Regesta user")


def test_forged_old_and_replayed_calls_are_refused(bank, slack, opened):
    url, request, stamp = opened
    assert slack.click(url, "URITA", stamp, "approve", secret="another secret of an app")[0] == 401
    assert slack.click(url, "URITA", stamp, "approve", signature="v0=" + "0" * 64)[0] == 401
    assert slack.click(url, "URITA", stamp, "approve", at=time.time() - 301)[0] == 401
    assert slack.click(url, "URITA", stamp, "approve", at=time.time() + 301)[0] == 401
    assert slack.click(url.replace("/slack/", "/other/"), "URITA", stamp, "approve")[0] == 401, "a wrong name tells nothing"
    status, (body, at, signature) = slack.click(url, "UMALLORY", stamp, "approve")
    assert status == 200 and SignatureVerifier(slack.secret).is_valid(body=body, timestamp=at, signature=signature)
    assert slack.click(url, "", stamp, "approve", body=body, at=int(at), signature=signature)[0] == 409
    altered = body.replace("UMALLORY", "URITA")
    assert slack.click(url, "", stamp, "approve", body=altered, at=int(at), signature=signature)[0] == 401
    assert slack.click(url, "URITA", stamp, "approve", body="payload=%7B", at=time.time())[0] == 400
    refused(bank, slack, request, stamp, "UMALLORY")


def test_a_click_on_what_has_changed_since_does_not_count(bank, slack, opened):
    url, request, stamp = opened
    assert slack.click(url, "URITA", stamp, "approve", action_at=f"{float(stamp) - 1:.6f}")[0] == 200
    refused(bank, slack, request, stamp, "please review again")


def test_a_row_that_sql_made_approves_nothing(bank, slack, opened):
    url, request, stamp = opened
    connect(bank, slack, "--stop")
    status, (body, at, signature) = slack.click(url, "UMALLORY", stamp, "approve")
    assert status == 200
    with sqlite3.connect(f"{bank.server.data}/regesta.db", timeout=60) as database:
        assert database.execute("UPDATE connection_event SET body = replace(body, 'UMALLORY', 'URITA')").rowcount == 1
    bank.root.done("connection", "set", "slack", "--start")
    looks = len(slack.calls)
    eventually(lambda: len(slack.calls) > looks + 4)
    assert not bank.shown(request)["approvals"] and bank.shown(request)["status"] == "open"


def test_the_author_does_not_approve_through_slack(bank, slack):
    url = connect(bank, slack)
    request = bank.request(by=bank.dave)
    stamp = message(bank, slack, request)["ts"]
    assert slack.click(url, "UDAVE", stamp, "approve")[0] == 200
    refused(bank, slack, request, stamp, "dave")


def test_an_outage_and_a_limit_lose_and_double_nothing(bank, slack):
    url = connect(bank, slack)
    slack.down = True
    request = bank.request()
    eventually(lambda: bank.connection("slack")["state"] == "unreachable")
    slack.down, slack.limited = False, 2
    stamp = message(bank, slack, request)["ts"]
    assert len(slack.requests()) == 1
    slack.down = True
    assert slack.click(url, "URITA", stamp, "approve")[0] == 200
    eventually(lambda: bank.connection("slack")["state"] == "unreachable")
    slack.down = False
    eventually(lambda: bank.shown(request)["status"] == "applied")
    assert len(bank.ledger("approval.given")) == 1
    slack.revoked = True
    bank.request()
    eventually(lambda: bank.connection("slack")["state"] == "unauthorized")


class Teams(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        self.server.cards.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()


def test_teams_gets_a_card_with_a_link_and_the_webhook_stays_secret(bank):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Teams)
    server.cards = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (bank.folder / "hook").write_text(f"http://127.0.0.1:{server.server_port}/workflows/1/invoke?sig=SECRET-SIG")
    bank.root.json("connection", "set", "teams", "--token-file", "hook", "--poll", 1)
    request = bank.request(reason="better [x](http://evil)")
    eventually(lambda: bank.shown(request)["tickets"] and server.cards)
    [(path, body)] = server.cards
    card = body["attachments"][0]["content"]
    assert path == "/workflows/1/invoke?sig=SECRET-SIG" and card["type"] == "AdaptiveCard"
    assert card["actions"][0]["url"].endswith(f"/changes/{request}")
    shown = json.dumps(bank.connection("teams")) + json.dumps(bank.ledger("connection.set"))
    assert "SECRET-SIG" not in shown
    bank.rita.done("approve", request)
    eventually(lambda: bank.shown(request)["status"] == "applied")
    assert len(server.cards) == 1
    server.shutdown()


def test_an_administrator_of_a_workspace_does_not_become_a_mapped_user(bank, slack, opened):
    """wendy, who administers the workspace but no users, puts a signing secret, a token or a site of her own into the
    connection whose accounts an administrator of the server mapped, and clicks there as rita."""
    url, request, stamp = opened
    bank.root.done("user", "create", "wendy", "--password", PASSWORD, "--grant", "admin:default")
    hers = "a signing secret that wendy chose"
    for change in ({"webhook_secret": hers}, {"token": "xoxb-wendy"}, {"url": "http://127.0.0.1:1", "token": "xoxb-wendy"},
                   {"type": "jira", "token": "x"}, {"project": "CWENDY"}, {"statuses": {"approve": "seen"}}, {"field": "labels"}):
        status, said = bank.refused("PUT", "/api/v1/connections/slack", change, user="wendy")
        assert status == 403, (change, said)
    slack.click(url, "URITA", stamp, "approve", secret=hers)
    shown = bank.shown(request)
    assert shown["status"] == "open" and not shown["approvals"], shown
    # What does not say who speaks is hers to set, and a connection without people all of it.
    assert bank.call("PUT", "/api/v1/connections/slack", {"poll_seconds": 30, "patterns": ["model/*"]}, user="wendy")["poll_seconds"] == 30
    assert bank.call("PUT", "/api/v1/connections/slack", {"users": {}}, user="root")["users"] == {}
    assert bank.call("PUT", "/api/v1/connections/slack", {"webhook_secret": hers}, user="wendy")["name"] == "slack"
