#!/usr/bin/env python3
"""Fault rounds over two servers on one PostgreSQL and one bucket: clients call both while something fails, and the histories of what they
saw must be linearizable (histories/main.go). A call whose answer was lost may have taken effect at any time, or never.

  tests/operate/rounds.py --rounds 100 --seed 7
"""
import argparse
import base64
import hashlib
import http.client
import itertools
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "operate"), str(TESTS / "objectstore"), str(TESTS)]

from topology import PASSWORD, call, running  # noqa: E402

from regesta_server import eventually  # noqa: E402

ROOT = TESTS.parent
CHECKER = ROOT / "build" / "tools" / "histories"
APPROVERS = [f"risk{number}" for number in range(6)]
POLICY = """package regesta.gate
require contains {"code": "risk", "msg": "three of risk agree", "approvals": {"role": "risk", "count": 3, "not_author": true}}
"""
# Of a front that knows that nothing happened, and of a balancer or server that does not know.
REFUSED, UNKNOWN = (400, 403, 404, 409, 429), (500, 502, 503, 504)


def build_checker():
    """Compiles it, which takes a second when nothing has changed."""
    CHECKER.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["go", "build", "-o", CHECKER, "."], cwd=TESTS / "operate" / "histories", check=True,
                   env=os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "PATH": f"{os.environ['PATH']}:/usr/local/go/bin"})


def rejected(calls, pages=None):
    """What the checker says against the calls; empty: nothing."""
    done = subprocess.run([CHECKER, *([pages] if pages else [])], input=json.dumps(calls), capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout if done.returncode else ""


PAUSE = 0.2  # of a client after an answer that tells nothing


class Lost(Exception):
    """Nobody knows whether the call took effect."""


class NotSent(Exception):
    """The call certainly took no effect."""


class Caller:
    """One user's connections to both servers."""

    def __init__(self, topology, user, rng):
        self.ports, self.random, self.connections = (topology.one.port, topology.two.port), rng, {}
        self.headers = {"Authorization": "Basic " + base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()}

    def call(self, method, path, body=None, port=None):
        """Status and answer of one of the servers."""
        port = port or self.random.choice(self.ports)
        connection = self.connections.setdefault(port, http.client.HTTPConnection("127.0.0.1", port, timeout=60))
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            if connection.sock is None:
                connection.connect()
        except ConnectionRefusedError as fault:
            raise NotSent from fault
        try:
            connection.request(method, path, data, self.headers | ({} if data is None else {"Content-Type": "application/json"}))
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as fault:
            connection.close()
            raise Lost from fault
        if answer.status in UNKNOWN:
            raise Lost
        return answer.status, content


class History:
    """What the clients of one round did and saw."""

    def __init__(self):
        self.calls, self.numbers = [], itertools.count(1)


class Client:
    """One client of the history. After a call of which nobody knows whether it took effect it goes on as another one, and reads
    until it gets an answer: the orders of many calls that may still take effect are too many to try."""

    def __init__(self, history):
        self.history, self.number, self.unsure = history, next(history.numbers), False

    def chooses(self, rng, share):
        """Whether it writes now; `share` of its calls are writes."""
        return not self.unsure and rng.random() < share

    def write(self, target, op, value, perform):
        self.note(target, op, value, perform, lost=True)

    def read(self, target, op, perform):
        self.note(target, op, "", perform, lost=False)

    def note(self, target, op, value, perform, lost):
        note = {"object": target, "op": op, "value": value, "result": "", "client": self.number, "start": time.monotonic_ns(), "end": 0}
        try:
            result = perform()
        except NotSent:
            return
        except Lost:
            if lost:
                self.history.calls.append(note)
                self.number, self.unsure = next(self.history.numbers), True
            time.sleep(PAUSE)
            return
        self.unsure = False
        if result is not None:  # None: refused, so nothing happened
            self.history.calls.append(note | {"result": result, "end": time.monotonic_ns()})


class Round:
    """The objects of one round, and what its clients do with them. Each method is one step of one client."""

    def __init__(self, topology, number, rng):
        self.topology, self.number, self.random, self.history = topology, number, rng, History()
        self.contents = [rng.randbytes(rng.choice([100, 50_000])) for _ in range(4)]
        self.texts = itertools.count(1)
        admin, carl = Caller(topology, "admin", rng), Caller(topology, "carl", rng)
        self.expect(admin.call("POST", "/api/v1/prompts/pointed/versions", {"template": f"Text {number}"}))
        self.expect(admin.call("POST", f"/api/v1/prompts/numbered-{number}/versions", {"template": "first"}))
        self.history.calls.append({"object": f"versions {number}", "op": "create", "value": "", "result": "1", "client": next(self.history.numbers),
                                   "start": 1, "end": 2})
        self.expect(carl.call("POST", f"/api/v1/prompts/guarded-{number}/versions", {"template": "Pay."}))
        asked = carl.call("PUT", f"/api/v1/assets/prompt/guarded-{number}/aliases/production", {"version": "1"})
        self.request = json.loads(asked[1])["error"]["detail"]["change_request"]["id"]

    @staticmethod
    def expect(answer):
        assert answer[0] < 300, answer
        return answer[1]

    def alias(self, client, caller, port=None):
        path = f"/api/v1/assets/prompt/pointed/aliases/live-{self.number}"
        if port is None and client.chooses(caller.random, 0.5):
            version = str(caller.random.randint(1, self.number))
            client.write(f"alias {self.number}", "set", version, lambda: self.done(caller.call("PUT", path, {"version": version})))
        else:
            client.read(f"alias {self.number}", "get", lambda: self.version(caller.call("GET", path, port=port)))

    def versions(self, client, caller, port=None):
        path = f"/api/v1/prompts/numbered-{self.number}/versions"
        if port is None and client.chooses(caller.random, 0.5):
            text = {"template": f"Text {next(self.texts)}"}
            client.write(f"versions {self.number}", "create", text["template"], lambda: self.version(caller.call("POST", path, text)))
        else:
            # Not through the cache of prompts, which may be late by 100 ms.
            newest = f"/api/v1/assets/prompt/numbered-{self.number}/versions?page_size=1"
            client.read(f"versions {self.number}", "latest", lambda: self.newest(caller.call("GET", newest, port=port)))

    def request_approved(self, client, caller, user):
        path = f"/api/v1/change-requests/{self.request}/approve"
        client.write(f"request {self.number}", "approve", user, lambda: self.done(caller.call("POST", path, {"comment": "fine"}), "closed"))

    def request_read(self, client, caller, port=None):
        if caller.random.random() < 0.5:
            client.read(f"request {self.number}", "approvals", lambda: self.approvals(
                caller.call("GET", f"/api/v1/change-requests/{self.request}", port=port)))
        else:
            client.read(f"request {self.number}", "moved", lambda: self.moved(
                caller.call("GET", f"/api/v1/assets/prompt/guarded-{self.number}/aliases/production", port=port)))

    def blob(self, client, caller, port=None):
        place = caller.random.randrange(len(self.contents))
        digest = hashlib.sha256(self.contents[place]).hexdigest()
        target = f"blob {self.number}-{place}"
        if port is None and client.chooses(caller.random, 0.2):
            client.write(target, "put", digest[:8], lambda: self.done(caller.call("PUT", "/api/v1/blobs", self.contents[place])))
        else:
            client.read(target, "get", lambda: self.content(caller.call("GET", f"/api/v1/blobs/{digest}", port=port), self.contents[place]))

    @staticmethod
    def done(answer, refused=None):
        assert answer[0] < 300 or answer[0] in REFUSED, answer
        return "done" if answer[0] < 300 else refused

    def version(self, answer):
        version = json.loads(self.expect(answer))["version"]
        return str(version) if version else ""

    def newest(self, answer):
        return str(json.loads(self.expect(answer))["items"][0]["version"])

    def approvals(self, answer):
        return " ".join(sorted(item["user"].removeprefix("user:") for item in json.loads(self.expect(answer))["approvals"]))

    def moved(self, answer):
        return "true" if self.version(answer) else "false"

    def content(self, answer, expected):
        if answer[0] == 404:
            return ""
        assert self.expect(answer) == expected, "a blob has other content"
        return "there"

    def run(self, fault):
        """Load, the fault in the middle of it, and what each server says at the end."""
        stop, broken = threading.Event(), []

        def loop(user, step, seed):
            caller, client = Caller(self.topology, user, random.Random(seed)), Client(self.history)
            try:
                while not stop.is_set():
                    step(client, caller)
            except BaseException as unexpected:
                broken.append(unexpected)

        def approve(user, seed):
            rng = random.Random(seed)
            if not stop.wait(rng.random() * 2):
                self.request_approved(Client(self.history), Caller(self.topology, user, rng), user)

        threads = [threading.Thread(target=loop, args=("admin", step, self.random.random()))
                   for step in (self.alias, self.alias, self.alias, self.versions, self.versions, self.request_read, self.request_read, self.blob, self.blob)]
        threads += [threading.Thread(target=approve, args=(user, self.random.random())) for user in self.random.sample(APPROVERS, 4)]
        for thread in threads:
            thread.start()
        try:
            time.sleep(0.3 + self.random.random() * 0.7)
            fault(self.topology, self.random)
            time.sleep(0.5)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        for server in (self.topology.one, self.topology.two):
            client, caller = Client(self.history), Caller(self.topology, "admin", self.random)
            for step in (self.alias, self.versions, *[self.request_read] * 4, *[self.blob] * 8):
                step(client, caller, server.port)
        if broken:
            raise broken[0]
        self.check_move()
        self.find_lost()
        return self.history.calls

    def find_lost(self):
        """What became of the versions whose creation was not answered. Each may have had any number, and their orders are too many to try."""
        admin = Caller(self.topology, "admin", self.random)
        path = f"/api/v1/prompts/numbered-{self.number}/versions"
        last = int(self.newest(admin.call("GET", f"/api/v1/assets/prompt/numbered-{self.number}/versions?page_size=1")))
        there = {json.loads(self.expect(admin.call("GET", f"{path}/{number}")))["template"]: str(number) for number in range(1, last + 1)}
        for one in self.history.calls:
            if one["op"] == "create" and not one["end"]:
                one["result"] = there.get(one["value"], "")
        self.history.calls = [one for one in self.history.calls if one["op"] != "create" or one["result"]]

    def check_move(self):
        """An approval is answered after the move that it allows."""
        mine = [one for one in self.history.calls if one["object"].startswith("request")]
        approved = {one["value"] for one in mine if one["op"] == "approve" and one["result"] == "done"}
        last = [one["result"] for one in sorted(mine, key=lambda one: one["end"]) if one["op"] == "moved"][-1]
        assert len(approved) < 3 or last == "true", f"round {self.number}: three approvals were acknowledged, and the alias has not moved"


def kill(topology, rng):
    """SIGKILL of a server, which is started again."""
    server = rng.choice([topology.one, topology.two])
    server.kill()
    time.sleep(rng.random())
    server.start()


def pause(topology, rng):
    """A server that the machine does not let run for a while: a leader that does not know that time has passed."""
    server = rng.choice([topology.one, topology.two])
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(0.2 + rng.random() * 3)
    server.process.send_signal(signal.SIGCONT)
    ready(topology)


def crash_database(topology, rng):
    topology.postgres.call("crash")
    time.sleep(rng.random() * 0.5)
    topology.postgres.call("start")
    ready(topology)


def cut_connections(topology, rng):
    for _ in range(3):
        subprocess.run(["psql", "-XAtc", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'regesta' AND pid <> pg_backend_pid()",
                        topology.postgres.url], capture_output=True, check=True)
        time.sleep(rng.random() * 0.4)
    ready(topology)


def lose_bucket(topology, rng):
    topology.s3.stop()
    time.sleep(rng.random() * 2)
    topology.s3.start()
    ready(topology)


FAULTS = [kill, pause, crash_database, cut_connections, lose_bucket]


def ready(topology):
    eventually(lambda: all(topology.status(server.url + "/ready") == 200 for server in (topology.one, topology.two)))


def prepare(topology):
    topology.start()
    call(topology.one.url + "/api/v1/users", "POST", {"name": "carl", "password": PASSWORD, "grants": [{"role": "contributor"}]})
    for user in APPROVERS:
        call(topology.one.url + "/api/v1/users", "POST", {"name": user, "password": PASSWORD, "grants": [{"role": "reader"}, {"role": "risk"}]})
    call(topology.one.url + "/api/v1/policies/gate", "POST", {"modules": [{"name": "gate.rego", "text": POLICY}]})
    call(topology.one.url + "/api/v1/policies/bindings", "POST",
         {"policy": "gate", "kind": "prompt", "name_pattern": "guarded-*", "pointer": "production"})


def verify(topology):
    topology.cli("ledger", "verify", "--db", topology.postgres.url, "--data", str(topology.one.data),
                 "--key", call(topology.one.url + "/ledger/key").decode().strip())


def play(topology, rounds, seed, say=print):
    """Number of calls; raises when a history is rejected."""
    rng, calls = random.Random(seed), 0
    for number in range(1, rounds + 1):
        fault = FAULTS[number % len(FAULTS)]
        history = Round(topology, number, rng).run(fault)
        found = rejected(history, topology.folder)
        (topology.folder / "history.json").write_text(json.dumps(history))
        calls += len(history)
        lost = sum(not one["end"] for one in history)
        say(f"round {number}: {fault.__name__}, {len(history)} calls, {lost} of unknown result{': REJECTED' if found else ''}", flush=True)
        assert not found, f"seed {seed}, round {number}, {fault.__name__}: {found}See {topology.folder}"
    verify(topology)
    return calls


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    build_checker()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="regesta-rounds-"))
    with running(folder, durable=True) as topology:
        prepare(topology)
        calls = play(topology, options.rounds, options.seed)
    print(f"{options.rounds} rounds, {calls} calls, 0 histories rejected")


if __name__ == "__main__":
    main()
