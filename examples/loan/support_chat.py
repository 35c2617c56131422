"""A prompt is rolled out to a tenth of the users, its quality drops, and it goes back by itself."""

import base64
import http.client
import http.server
import json
import queue
import random
import threading
import time
import urllib.parse

from stage import code, expect, say, title

PROMPT = "support-chat"


class Chat:
    """The bank's chat service: gets its prompt for each user, and reports how the conversation went."""

    def __init__(self, person):
        address = urllib.parse.urlsplit(person.url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        credentials = base64.b64encode(f"{person.name}:{person.password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        self.chance = random.Random(7)

    def call(self, method, path, body=None):
        self.connection.request(method, f"/api/v1/prompts/{PROMPT}/{path}", json.dumps(body) if body else None, self.headers)
        answer = self.connection.getresponse()
        content = json.loads(answer.read())
        expect_quietly(answer.status < 300, f"{method} {path} answers {answer.status}: {content}")
        return content

    def version_for(self, user):
        return self.call("GET", f"resolve?key={user}")["semver"]

    def talk(self, user):
        """Version 1.4.0 leaves customers unhappy more often; nobody knows that yet."""
        version = self.version_for(user)
        happy = self.chance.random() < (0.9 if version == "1.3.2" else 0.3)
        self.call("POST", "reports", {"reports": [{"version": version, "metric": "helpfulness", "value": 1.0 if happy else 0.0,
                                                   "unit": user}]})
        return version


def expect_quietly(holds, what):
    if not holds:
        expect(False, what)


def start_receiver():
    """What the team's chat room would run: hears webhooks."""
    heard = queue.Queue()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            heard.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, heard


def talk_until_it_ends(chat):
    """Users come and talk. Returns what each was served, and the moment when the rollout was over."""
    served = {}
    for number in range(20_000):
        user = f"user-{number}"
        served[user] = chat.talk(user)
        # A report about the stable version can be the one that tips the scale, so ask after each.
        if chat.call("GET", "rollouts")["items"][0]["status"] != "running":
            return served, time.monotonic()
    return served, None


def step_prompt(anna):
    title(5, "A prompt that goes back by itself")
    anna.run("prompt", "create", PROMPT, "--template", "You help {{name}} with a loan. Be friendly.", "--semver", "1.3.2")
    anna.run("alias", "set", f"prompt/{PROMPT}", "production", "1")
    anna.run("prompt", "create", PROMPT, "--template", "You help {{name}} with a loan. Be quick.", "--semver", "1.4.0",
             "-m", "shorter answers")
    receiver, heard = start_receiver()
    anna.run("webhook", "create", f"http://127.0.0.1:{receiver.server_port}/team-room", "--action", "guard.breached", "--names", PROMPT)
    anna.run("rollout", "start", PROMPT, "1.4.0", "--steps", "10", "--guard", "helpfulness")
    say("Users talk to the chat service; it asks for the prompt with each user's key, and reports whether they were helped.")
    code(f"GET /api/v1/prompts/{PROMPT}/resolve?key=user-17   POST /api/v1/prompts/{PROMPT}/reports")
    chat = Chat(anna)
    served, ended = talk_until_it_ends(chat)
    bad = [user for user, version in served.items() if version == "1.4.0"]
    expect(ended is not None, f"after {len(bad)} of {len(served)} users had met version 1.4.0, it was rolled back; no person did anything")
    again = {chat.version_for(user) for user in bad}
    expect(again == {"1.3.2"} and time.monotonic() - ended < 5, "each of them gets 1.3.2 again")
    event = heard.get(timeout=10)
    expect(event["type"] == "guard.breached" and event["data"]["version"] == 2, "the team's room was told, signed, with the evidence")
    receiver.shutdown()
    anna.run("rollout", "why", PROMPT)
    anna.run("prompt", "quality", PROMPT)
    entry = anna.ask("ledger", "list", "--action", "rollout.rolled-back")["items"][0]
    expect(entry["body"]["actor"] == "system:guard", f"ledger entry {entry['index']} says so for good")
