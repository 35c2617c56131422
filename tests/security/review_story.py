"""A change request that is reviewed in another program, for tests that need every table to have rows."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "connect"))

from jira_server import Jira
from slack_server import CHANNEL, Slack

from regesta_server import eventually


def tell_review_story(root, carl, model, n):
    """A change request that is reviewed in another program, and stays open."""
    site = Jira()
    root.ok("PUT", f"/api/v1/connections/jira{n}", {
        "type": "jira", "url": site.url, "edition": "cloud", "user": site.bot.login, "token": site.bot.token, "project": "ML",
        "patterns": [f"model/{model}"], "poll_seconds": 3600, "users": {"acc-rita": "rita"}})
    carl.call("PUT", f"/api/v1/assets/model/{model}/aliases/production", {"version": 2, "reason": "better still"})
    request = max(item["id"] for item in root.ok("GET", "/api/v1/change-requests")["items"])
    eventually(lambda: root.ok("GET", f"/api/v1/change-requests/{request}")["tickets"])
    eventually(lambda: root.ok("GET", f"/api/v1/connections/jira{n}")["state"] == "connected")
    site.stop()
    tell_slack_story(root, model, n, request)


def tell_slack_story(root, model, n, request):
    """The same request in Slack, where somebody whom nobody knows clicks a button."""
    slack = Slack()
    slack.person("USOMEBODY")
    root.ok("PUT", f"/api/v1/connections/slack{n}", {
        "type": "slack", "url": slack.url, "project": CHANNEL, "token": slack.token, "webhook_secret": slack.secret,
        "patterns": [f"model/{model}"], "poll_seconds": 3600})
    eventually(lambda: len(root.ok("GET", f"/api/v1/change-requests/{request}")["tickets"]) == 2)
    url = root.ok("GET", f"/api/v1/connections/slack{n}")["events_url"]
    stamp = slack.requests()[0]["ts"]
    assert slack.click(url, "USOMEBODY", stamp, "approve")[0] == 200
    eventually(lambda: any("did not count" in text for text in slack.thread(stamp)))
    eventually(lambda: root.ok("GET", f"/api/v1/connections/slack{n}")["state"] == "connected")
    slack.stop()
