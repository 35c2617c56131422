"""Random people do random things to prompts and models, through every front; what a protected alias serves is checked.

    .venv/bin/python tests/security/walk.py --steps 1000000 [--seed N]      (REGESTA_BINARY: the program)

Every 5,000 steps it goes on with the next seed on an empty server, because a few versions and aliases that everybody
touches meet in more ways than thousands do.

The invariant does not take the server's word for anything. Each version's content says who wrote it, and the policy
decides by the author alone:
    dora      may always be promoted
    carl      never
    root      after rita approved that version
    token ci  as a rollout to at most 20 % of the keys
So content that the policy does not allow must never come out of `safe-*#production`, whichever way it is asked for, and
a file that belongs to a version must have the bytes it was registered with.
"""

import argparse
import base64
import hashlib
import json
import pathlib
import random
import re
import socket
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from regesta_server import Server

PASSWORD = "a long password"
POLICY = """package regesta.gate
author := input.candidate.author
deny contains {"code": "carl", "msg": "carl's versions stay out"} if author == "user:carl"
deny contains {"code": "canary", "msg": "ci's versions only as a rollout"} if {
  author == "token:ci"
  not input.rollout
}
deny contains {"code": "share", "msg": "ci's versions for at most 20 %"} if {
  author == "token:ci"
  some step in input.rollout.steps
  step.weight > 20
}
require contains {"code": "risk", "msg": "rita approves", "approvals": {"role": "risk", "count": 1, "not_author": true}} if
  author == "user:root"
deny contains {"code": "stranger", "msg": "unknown author"} if {
  not author in {"user:carl", "user:dora", "user:root", "token:ci"}
  input.action != "remove"
}
"""
STEPS_PER_SERVER = 5_000
NAMES = ["safe-a", "safe-b", "free-a", "free-b"]
TEXT = re.compile(r"by (\S+) serial (\d+)")


class Connection:
    """One keep-alive connection: much quicker than http.client, which matters over a million steps."""

    def __init__(self, port):
        self.port, self.socket = port, None

    def call(self, method, path, body=None, authorization="", raw=None):
        data = raw if raw is not None else (json.dumps(body).encode() if body is not None else b"")
        kind = "application/octet-stream" if raw is not None else "application/json"
        head = (f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAuthorization: {authorization}\r\n"
                f"Content-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n").encode()
        for attempt in (1, 2):
            try:
                if self.socket is None:
                    self.socket = socket.create_connection(("127.0.0.1", self.port), 60)
                    self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.socket.sendall(head + data)
                return self.read()
            except (ConnectionError, ValueError):
                self.socket = None
                if attempt == 2:
                    raise
        raise AssertionError

    def read(self):
        got = b""
        while b"\r\n\r\n" not in got:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("closed")
            got += more
        head, _, body = got.partition(b"\r\n\r\n")
        status = int(head[9:12])
        lower = head.lower()
        found = re.search(rb"content-length: (\d+)", lower)
        if found:
            while len(body) < int(found.group(1)):
                body += self.socket.recv(65536)
        elif b"chunked" in lower:
            while not body.endswith(b"0\r\n\r\n"):
                body += self.socket.recv(65536)
            body = b"".join(part for part in re.split(rb"[0-9a-f]+\r\n", body))
        if b"connection: close" in lower:
            self.socket.close()
            self.socket = None
        return status, body


class World:
    def __init__(self, server, seed):
        self.server, self.random = server, random.Random(seed)
        self.connection = Connection(server.port)
        self.people = {name: "Basic " + base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()
                       for name in ("root", "carl", "dora", "rex", "rita")}
        self.serial = 0
        self.approved = set()  # texts of root's that rita approved
        self.files = {}        # registered bytes' digest by (model name at registration, serial)
        self.counts = {}
        self.set_up()

    # --- calls ---------------------------------------------------------------------------------------------------

    def call(self, who, method, path, body=None, raw=None):
        status, answer = self.connection.call(method, path, body, self.people[who], raw)
        assert status < 500 or status == 503, f"{who} {method} {path} {body}: {status} {answer[:500]}"
        self.counts[status] = self.counts.get(status, 0) + 1
        try:
            return status, json.loads(answer) if answer[:1] in (b"{", b"[") else answer
        except ValueError:
            return status, answer

    def ok(self, who, method, path, body=None):
        status, answer = self.call(who, method, path, body)
        assert status < 300, f"{who} {method} {path}: {status} {answer}"
        return answer

    def set_up(self):
        self.connection.call("POST", "/api/v1/users", {"name": "root", "password": PASSWORD})
        for name, role in (("carl", "contributor"), ("dora", "contributor"), ("rex", "reader"), ("rita", "risk")):
            self.ok("root", "POST", "/api/v1/users", {"name": name, "password": PASSWORD, "grants": [{"role": role}]})
        token = self.ok("root", "POST", "/api/v1/tokens", {"name": "ci", "grants": [{"role": "contributor"}]})
        self.people["ci"] = "Bearer " + token["token"]
        self.ok("root", "POST", "/api/v1/policies/gate", {"modules": [{"name": "gate.rego", "text": POLICY}]})
        for kind in ("prompt", "model"):
            self.ok("root", "POST", "/api/v1/policies/bindings",
                    {"policy": "gate", "kind": kind, "name_pattern": "safe-*", "pointer": "production"})

    # --- what people do ------------------------------------------------------------------------------------------

    def name(self):
        return self.random.choice(NAMES)

    def version(self):
        return self.random.randint(1, 12)

    def writer(self):
        return self.random.choice(["root", "carl", "dora", "ci"])

    def text(self, who):
        self.serial += 1
        actor = "token:ci" if who == "ci" else f"user:{who}"
        return f"by {actor} serial {self.serial} {{{{x}}}}"

    def create_prompt(self):
        who = self.writer()
        self.call(who, "POST", f"/api/v1/prompts/{self.name()}/versions", {"template": self.text(who)})

    def create_prompt_mlflow(self):
        who, name = self.writer(), self.name()
        tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
        self.call(who, "POST", "/api/2.0/mlflow/registered-models/create", {"name": name, "tags": tags})
        tags += [{"key": "mlflow.prompt.text", "value": self.text(who)}]
        self.call(who, "POST", "/api/2.0/mlflow/model-versions/create", {"name": name, "source": "prompt-template", "tags": tags})

    def create_prompt_langfuse(self):
        who = self.writer()
        labels = self.random.choice([[], ["production"], ["staging"]])
        self.call(who, "POST", "/api/public/v2/prompts",
                  {"name": self.name(), "type": "text", "prompt": self.text(who), "labels": labels})

    def overwrite_tag(self):
        who = self.writer()
        key = self.random.choice(["mlflow.prompt.text", "_mlflow_prompt_text", "MLFLOW.prompt.text", "note"])
        self.call(who, "POST", "/api/2.0/mlflow/model-versions/set-tag",
                  {"name": self.name(), "version": str(self.version()), "key": key, "value": self.text(who)})

    def move_alias(self):
        kind, who = self.random.choice(["prompt", "model"]), self.random.choice([*self.people])
        self.call(who, "PUT", f"/api/v1/assets/{kind}/{self.name()}/aliases/production", {"version": self.version()})

    def move_alias_mlflow(self):
        self.call(self.writer(), "POST", "/api/2.0/mlflow/registered-models/alias",
                  {"name": self.name(), "alias": "production", "version": str(self.version())})

    def move_together(self):
        who, names = self.random.choice([*self.people]), self.random.sample(NAMES, 2)
        self.call(who, "POST", "/api/v1/moves", {"moves": [
            {"kind": self.random.choice(["prompt", "prompt", "model"]), "name": name, "pointer": "production", "version": self.version()}
            for name in names]})

    def roll_back(self):
        kind = self.random.choice(["prompt", "model"])
        body = {"to": self.version()} if self.random.random() < 0.3 else {}
        self.call(self.writer(), "POST", f"/api/v1/assets/{kind}/{self.name()}/aliases/production/rollback", body)

    def remove_alias(self):
        kind = self.random.choice(["prompt", "model"])
        self.call(self.writer(), "DELETE", f"/api/v1/assets/{kind}/{self.name()}/aliases/production")

    def rename(self):
        kind, who = self.random.choice(["prompt", "model"]), self.writer()
        old, new = self.random.sample(NAMES, 2)
        if self.random.random() < 0.5:
            self.call(who, "PATCH", f"/api/v1/assets/{kind}/{old}", {"new_name": new})
        else:
            self.call(who, "POST", "/api/2.0/mlflow/registered-models/rename", {"name": old, "new_name": new})

    def delete_version(self):
        kind, force = self.random.choice(["prompt", "model"]), self.random.choice(["", "?force=true"])
        self.call(self.writer(), "DELETE", f"/api/v1/assets/{kind}/{self.name()}/versions/{self.version()}{force}")

    def delete_asset(self):
        kind = self.random.choice(["prompt", "model"])
        self.call(self.writer(), "DELETE", f"/api/v1/assets/{kind}/{self.name()}")

    def start_rollout(self):
        steps = self.random.choice([[5, 20], [10, 50, 100], [20], [100]])
        body = {"version": self.version(), "steps": [{"weight": weight} for weight in steps]}
        self.call(self.writer(), "POST", f"/api/v1/prompts/{self.name()}/rollouts", body)

    def change_rollout(self):
        name = self.name()
        status, page = self.call("root", "GET", f"/api/v1/prompts/{name}/rollouts?page_size=1")
        if status != 200 or not page["items"]:
            return
        rollout, verb = page["items"][0], self.random.choice(["advance", "advance", "kill", "complete", "pause", "resume", "stop", "rollback"])
        body = {}
        if verb == "kill" and self.random.random() < 0.7:
            body["version"] = rollout["arms"][0]["version"]
        self.call(self.writer(), "POST", f"/api/v1/prompts/{name}/rollouts/{rollout['id']}/{verb}", body)

    def answer_request(self):
        status, page = self.call("root", "GET", "/api/v1/change-requests?status=open&page_size=20")
        if status != 200 or not page["items"]:
            return
        request = self.random.choice(page["items"])
        verb = self.random.choice(["approve", "approve", "reject", "retry", "withdraw"])
        who = self.random.choice(["rita", "rita", "carl", "root"])
        if verb == "approve" and who == "rita":
            text = self.text_of(request["kind"], request["name"], request["version"])
            if text:
                self.approved.add(text)
        self.call(who, "POST", f"/api/v1/change-requests/{request['id']}/{verb}", {"comment": "random"})

    def create_model(self):
        """Uploads a file below a run and registers it; sometimes changes the file afterwards."""
        who, name = self.writer(), self.name()
        status, run = self.call(who, "POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0", "start_time": 1})
        if status != 200:
            return
        root = run["run"]["info"]["artifact_uri"].split(":/", 1)[-1].lstrip("/")
        content = self.text(who).encode()
        path = f"/api/2.0/mlflow-artifacts/artifacts/{root}/model/weights.txt"
        self.call(who, "PUT", path, raw=content)
        self.call(who, "POST", "/api/2.0/mlflow/registered-models/create", {"name": name})
        source = f"mlflow-artifacts:/{root}/model"
        if self.random.random() < 0.2:
            source = f"http://127.0.0.1:{self.server.port}{path.rsplit('/', 1)[0]}"
        status, made = self.call(who, "POST", "/api/2.0/mlflow/model-versions/create",
                                 {"name": name, "source": source, "run_id": run["run"]["info"]["run_id"]})
        if status == 200:
            self.files[source] = hashlib.sha256(content).hexdigest()
        for _ in range(self.random.randint(0, 2)):
            self.call("carl", self.random.choice(["PUT", "DELETE"]), path.replace("weights", self.random.choice(["weights", "more"])), raw=self.text("carl").encode())

    # --- the invariant -------------------------------------------------------------------------------------------

    def text_of(self, kind, name, selector):
        if kind == "prompt":
            status, version = self.call("root", "GET", f"/api/v1/prompts/{name}/versions/{selector}")
            return version["template"] if status == 200 and isinstance(version, dict) and "template" in version else None
        return self.model_file(name, selector)

    def model_file(self, name, selector):
        status, version = self.call("root", "GET", f"/api/v1/assets/model/{name}/versions/{selector}")
        if status != 200 or not version.get("source"):
            return None
        root = urllib.parse.urlsplit(version["source"]).path
        root = root.split("/mlflow-artifacts/artifacts/")[-1].lstrip("/")
        status, content = self.call("root", "GET", f"/api/2.0/mlflow-artifacts/artifacts/{root}/weights.txt")
        if status != 200 or not isinstance(content, bytes):
            return None
        known = self.files.get(version["source"])
        assert known is None or hashlib.sha256(content).hexdigest() == known, f"{name}@{selector}: its file has changed"
        return content.decode()

    def check_text(self, text, where, share):
        """`share`: percent of the keys that could get it by this way of asking."""
        found = TEXT.search(text or "")
        if not found:
            return
        author = found.group(1)
        allowed = (author == "user:dora" or author == "user:root" and text in self.approved or
                   author == "token:ci" and share <= 20)
        assert allowed, f"{where} serves what the policy does not allow: {text!r}"

    def check(self, name):
        for bucket in (0, 19, 20, 99):
            status, answer = self.call("rex", "GET", f"/api/v1/prompts/{name}/resolve?alias=production.b{bucket}")
            if status == 200:
                self.check_text(answer.get("template"), f"{name}, bucket {bucket}", bucket + 1)
        status, answer = self.call("rex", "GET", f"/api/v1/prompts/{name}/resolve")
        if status == 200:
            self.check_text(answer.get("template"), f"{name} without a key", 100)
        status, answer = self.call("rex", "GET", f"/api/public/v2/prompts/{name}?label=production")
        if status == 200:
            self.check_text(answer.get("prompt"), f"{name} by Langfuse", 100)
        status, answer = self.call("rex", "GET", f"/api/2.0/mlflow/registered-models/alias?name={name}&alias=production")
        if status == 200:
            version = answer["model_version"]
            tags = {tag["key"]: tag["value"] for tag in version.get("tags", [])}
            if "mlflow.prompt.text" in tags:
                self.check_text(tags["mlflow.prompt.text"], f"{name} by MLflow", 100)
            else:
                self.check_text(self.model_file(name, version["version"]), f"model {name}", 100)

    # ---------------------------------------------------------------------------------------------------------------

    def steps(self, count):
        acts = ([self.create_prompt] * 3 + [self.create_prompt_mlflow, self.create_prompt_langfuse, self.overwrite_tag] +
                [self.move_alias] * 5 + [self.move_alias_mlflow] * 2 + [self.move_together] * 2 + [self.roll_back] * 3 + [self.remove_alias] +
                [self.rename] * 2 + [self.delete_version, self.start_rollout, self.start_rollout] +
                [self.change_rollout] * 4 + [self.answer_request] * 3 + [self.create_model] * 2)
        for step in range(1, count + 1):
            act = self.delete_asset if self.random.random() < 0.01 else self.random.choice(acts)
            try:
                act()
                if step % 5 == 0:
                    self.check(self.random.choice(NAMES[:2]))
            except AssertionError as fault:
                raise AssertionError(f"step {step}, {act.__name__}: {fault}") from fault


def run(steps, seed, *options):
    with tempfile.TemporaryDirectory() as folder:
        server = Server(pathlib.Path(folder) / "data", *options).start()
        try:
            world = World(server, seed)
            world.steps(steps)
            print(f"answers {dict(sorted(world.counts.items()))}", flush=True)
        except AssertionError:
            print(server.log()[-2000:], file=sys.stderr)
            raise
        finally:
            server.stop()


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--steps", type=int, default=1_000_000)
    words.add_argument("--seed", type=int, default=int(time.time()))
    asked = words.parse_args()
    done, seed, began = 0, asked.seed, time.monotonic()
    while done < asked.steps:
        count = min(STEPS_PER_SERVER, asked.steps - done)
        print(f"seed {seed}, {count} steps", flush=True)
        run(count, seed)
        done, seed = done + count, seed + 1
        print(f"{done} steps, {done / (time.monotonic() - began):.0f}/s", flush=True)
    print(f"seeds {asked.seed} to {seed - 1}: {asked.steps} steps, no violation")


if __name__ == "__main__":
    main()
