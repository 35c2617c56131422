"""A bad version goes back by itself: rollout at 10 %, quality drops, the stable version serves again, and history, receipt
and webhook say why. Everything over HTTP, as the chat service, the receiver and an auditor would."""

import base64
import hashlib
import hmac
import http.client
import http.server
import json
import queue
import random
import threading
import time

import pytest

from regesta_server import eventually


class Api:
    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)

    def __call__(self, method, path, body=None, status=None):
        self.connection.request(method, "/api/v1" + path, json.dumps(body) if body is not None else None,
                                {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        content = answer.read().decode()
        assert answer.status == (status or (200, 201)[answer.status == 201]), f"{method} {path}: {answer.status} {content}"
        return json.loads(content) if content.startswith(("{", "[")) else content


@pytest.fixture
def receiver():
    """A little HTTP server that keeps what it is told."""
    heard = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            heard.put((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}/hook", heard
    running.shutdown()


def expect_event(heard, wanted, secret):
    """The next event of that type, with its signature checked as Standard Webhooks says."""
    while True:
        headers, body = heard.get(timeout=60)
        headers = {name.lower(): value for name, value in headers.items()}
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == "v1," + expected
        event = json.loads(body)
        if event["type"] == wanted:
            return event


def begin(api, guards, steps):
    api("POST", "/prompts/support-chat/versions", {"template": "You help {{name}}. Be brief.", "semver": "1.3.2"})
    api("POST", "/prompts/support-chat/versions", {"template": "You help {{name}}. Be as brief as you can.", "semver": "1.4.0"})
    api("PUT", "/assets/prompt/support-chat/aliases/production", {"version": 1})
    return api("POST", "/prompts/support-chat/rollouts", {"version": "1.4.0", "steps": steps, "guards": guards})


def test_a_bad_version_goes_back_by_itself(server, receiver):
    url, heard = receiver
    api = Api(server)
    secret = api("POST", "/webhooks", {"url": url, "actions": ["rollout.*", "guard.breached"]})["secret"]
    rollout = begin(api, [{"metric": "helpfulness", "margin": 0.02}], [{"weight": 10}])
    expect_event(heard, "rollout.started", secret)

    chance = random.Random(3)

    def chat(user):
        """One conversation: get the prompt, use it, report how it went. Returns the SemVer that was served."""
        got = api("GET", f"/prompts/support-chat/resolve?key={user}")
        good = chance.random() < (0.9 if got["semver"] == "1.3.2" else 0.4)
        api("POST", "/prompts/support-chat/reports",
            {"reports": [{"version": got["semver"], "metric": "helpfulness", "value": 1.0 if good else 0.0, "unit": user,
                          "key": f"{user}-1"}]})
        return got["semver"]

    served, breached = {}, False
    for number in range(5000):
        user = f"user-{number}"
        served[user] = chat(user)
        # A report about the stable version can be the one that tips the scale, so ask after each.
        if api("GET", f"/prompts/support-chat/rollouts/{rollout['id']}")["status"] != "running":
            breached = True
            break
    candidates = [user for user, semver in served.items() if semver == "1.4.0"]
    assert breached, "the guard never acted"
    assert 5 < len(candidates) < 200 and len(served) / len(candidates) > 5
    # Everyone who got the candidate gets the stable version with the next request.
    assert {api("GET", f"/prompts/support-chat/resolve?key={user}")["semver"] for user in candidates} == {"1.3.2"}

    event = expect_event(heard, "guard.breached", secret)
    assert event["actor"] == "system:guard" and event["subject"] == "prompt/support-chat#production"
    assert event["data"]["e"] >= event["data"]["threshold"] == pytest.approx(20)
    assert event["data"]["candidate"]["reports"] <= len(candidates) and "version 2 has mean" in event["data"]["why"]
    event = expect_event(heard, "rollout.rolled-back", secret)
    assert event["data"]["stable"] == 1

    ended = api("GET", f"/prompts/support-chat/rollouts/{rollout['id']}")
    assert ended["status"] == "rolled_back" and ended["ended_by"] == "system:guard"
    assert "guardrail 'helpfulness'" in ended["end_reason"]
    guards = api("GET", f"/prompts/support-chat/rollouts/{rollout['id']}/guards")
    assert guards["items"][0]["standing"] == "breached" and guards["items"][0]["candidate"]["mean"] < 0.7

    quality = {item["semver"]: item for item in api("GET", "/prompts/support-chat/quality?metric=helpfulness")["items"]}
    assert quality["1.4.0"]["mean"] < 0.7 < 0.8 < quality["1.3.2"]["mean"]
    assert quality["1.3.2"]["count"] + quality["1.4.0"]["count"] == len(served)

    entry = api("GET", f"/ledger/entries/{event['index']}")
    assert entry["body"]["action"] == "rollout.rolled-back"
    receipt = api("GET", f"/ledger/entries/{event['index']}/receipt")
    assert "tlog-proof" in receipt and str(event["index"]) in receipt
    assert api("POST", "/ledger/verify", {})["ok"]

    # What is reported about the candidate from now on is kept, and changes nothing.
    api("POST", "/prompts/support-chat/reports", {"reports": [{"version": 2, "metric": "helpfulness", "value": 1}]})
    assert api("GET", "/prompts/support-chat/resolve?key=user-1")["semver"] == "1.3.2"


def test_a_rollback_survives_a_crash(server):
    api = Api(server)
    rollout = begin(api, [{"metric": "helpfulness"}], [{"weight": 50}])
    reports = [{"version": version, "metric": "helpfulness", "value": value}
               for _ in range(30) for version, value in ((1, 0.9), (2, 0.1))]
    api("POST", "/prompts/support-chat/reports", {"reports": reports})
    server.kill()
    server.start(server.port)
    api = Api(server)
    assert api("GET", f"/prompts/support-chat/rollouts/{rollout['id']}")["status"] == "rolled_back"
    assert {api("GET", f"/prompts/support-chat/resolve?key=u{i}")["semver"] for i in range(20)} == {"1.3.2"}


def test_guards_count_on_after_a_restart(server):
    api = Api(server)
    rollout = begin(api, [{"metric": "helpfulness"}], [{"weight": 50}])

    def report(pairs):
        api("POST", "/prompts/support-chat/reports",
            {"reports": [{"version": version, "metric": "helpfulness", "value": value}
                         for _ in range(pairs) for version, value in ((1, 0.9), (2, 0.3))]})
        return api("GET", f"/prompts/support-chat/rollouts/{rollout['id']}/guards")["items"][0]

    before = report(3)
    assert before["standing"] == "watching"
    server.restart()
    api = Api(server)
    after = report(1)
    assert after["observations"] == before["observations"] + 1 and after["e"] > before["e"]


def test_a_step_without_reports_is_held(server):
    api = Api(server)
    rollout = begin(api, [{"metric": "helpfulness", "min_reports": 5}],
                    [{"weight": 10, "bake_seconds": 0}, {"weight": 100, "bake_seconds": 3600}])
    eventually(lambda: api("GET", f"/prompts/support-chat/rollouts/{rollout['id']}/guards")["hold"] ==
               "guard 'helpfulness' has 0 of 5 reports about version 2")
    time.sleep(2)  # some rounds of the stepper
    assert api("GET", f"/prompts/support-chat/rollouts/{rollout['id']}")["step"] == 0
    api("POST", "/prompts/support-chat/reports",
        {"reports": [{"version": v, "metric": "helpfulness", "value": 0.9} for v in (1, 2) for _ in range(5)]})
    eventually(lambda: api("GET", f"/prompts/support-chat/rollouts/{rollout['id']}")["step"] == 1)


def test_a_rollout_refuses_a_guard_that_makes_no_sense(server):
    api = Api(server)
    begin(api, [{"metric": "helpfulness"}], [{"weight": 10}])
    api("POST", "/prompts/support-chat/rollouts/1/stop", {})
    refused = api("POST", "/prompts/support-chat/rollouts", {"version": 2, "guards": [{"metric": "x", "margin": 7}]}, status=400)
    assert refused["error"]["message"] == "guards[0].margin: must be from 0 to 0.5"
