"""SIGKILLs the server at random moments under mixed writes, again and again on one data directory, and proves after each
restart that every acknowledged write is there, that the ledger extends every checkpoint a client saw, and at the end that
an offline verification finds nothing wrong.

    python tests/crash/kill.py --kills 500 --seed 7 [--postgres]
"""

import argparse
import base64
import hashlib
import http.client
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from regesta_server import ROOT, Server, binary

CLIENTS = 8


class Api:
    """One keep-alive connection. A call returns the parsed answer, or None when the server was gone."""

    disk_may_fail = False  # then an error of the server counts as its end

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def raw(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def call(self, method, path, body=None):
        try:
            status, content = self.raw(method, path, body)
        except (OSError, http.client.HTTPException):
            return None
        if status >= 500 and self.disk_may_fail:
            return None
        assert status < 500, f"{method} {path}: {status} {content[:300]}"
        return status, json.loads(content or b"{}")


class Writer(threading.Thread):
    """Writes until the server is gone; remembers what was acknowledged."""

    def __init__(self, port, name, seed):
        super().__init__(daemon=True)
        self.port, self.name, self.random = port, name, random.Random(seed)
        self.runs, self.versions, self.aliases, self.tags = {}, {}, {}, {}
        self.fault = None

    def run(self):
        try:
            api = Api(self.port)
            model = f"m-{self.name}"
            if not self.ok(api.call("POST", "/api/2.0/mlflow/registered-models/create", {"name": model})):
                return
            self.versions[model] = 0
            while self.step(api, model):
                pass
        except Exception as e:
            self.fault = e

    @staticmethod
    def ok(answer):
        return answer is not None and answer[0] == 200

    def step(self, api, model):
        choice = self.random.random()
        if choice < 0.4:
            return self.log_run(api)
        if choice < 0.6:
            answer = api.call("POST", "/api/2.0/mlflow/model-versions/create", {"name": model, "source": "s3://bucket/m"})
            if not self.ok(answer):
                return False
            self.versions[model] = int(answer[1]["model_version"]["version"])
            return True
        if choice < 0.8 and self.versions[model]:
            version = self.random.randint(1, self.versions[model])
            # Before the answer the pointer may stand on either; after it, on the new one.
            self.aliases[model] = {self.aliases.get(model), version} if not isinstance(self.aliases.get(model), set) else self.aliases[model] | {version}
            if not self.ok(api.call("POST", "/api/2.0/mlflow/registered-models/alias", {"name": model, "alias": "champion", "version": str(version)})):
                return False
            self.aliases[model] = version
            return True
        key = f"k{self.random.randint(0, 5)}"
        value = str(self.random.random())
        if not self.ok(api.call("POST", "/api/2.0/mlflow/registered-models/set-tag", {"name": model, "key": key, "value": value})):
            self.tags.pop((model, key), None)  # unknown now
            return False
        self.tags[model, key] = value
        return True

    def log_run(self, api):
        answer = api.call("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0", "start_time": 1, "user_id": "crash"})
        if not self.ok(answer):
            return False
        run_id = answer[1]["run"]["info"]["run_id"]
        self.runs[run_id] = {}
        metrics = [{"key": f"m{i}", "value": self.random.random(), "timestamp": 1, "step": 0} for i in range(5)]
        if not self.ok(api.call("POST", "/api/2.0/mlflow/runs/log-batch", {"run_id": run_id, "metrics": metrics})):
            return False
        self.runs[run_id] = {m["key"]: m["value"] for m in metrics}
        return self.ok(api.call("POST", "/api/2.0/mlflow/runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": 2}))


class Watcher(threading.Thread):
    """Collects the checkpoints that anybody could have seen."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.seen = port, {}

    def run(self):
        api = Api(self.port)
        try:
            while True:
                status, note = api.raw("GET", "/ledger/checkpoint")
                if status == 200:
                    lines = note.decode().split("\n")
                    self.seen[int(lines[1])] = lines[2]
                time.sleep(0.005)
        except (OSError, http.client.HTTPException):
            return


def root_of(hashes):
    """RFC 6962 tree hash of leaf hashes."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(hashes[:split]) + root_of(hashes[split:])).digest()


def tile_path(n):
    text = f"{n % 1000:03d}"
    while n := n // 1000:
        text = f"x{n % 1000:03d}/{text}"
    return text


def leaf_hashes(api, size):
    """Hashes of all entries, from the entry bundles that the log publishes."""
    hashes = []
    for number in range((size + 255) // 256):
        width = min(256, size - number * 256)
        status, bundle = api.raw("GET", f"/ledger/tile/entries/{tile_path(number)}" + (f".p/{width}" if width < 256 else ""))
        assert status == 200, f"entry bundle {number}: {status}"
        at = 0
        while at < len(bundle):
            length = int.from_bytes(bundle[at:at + 2], "big")
            hashes.append(hashlib.sha256(b"\0" + bundle[at + 2:at + 2 + length]).digest())
            at += 2 + length
    assert len(hashes) == size, f"{len(hashes)} entries published, the checkpoint says {size}"
    return hashes


class Expectation:
    """Everything acknowledged so far, over all rounds."""

    def __init__(self):
        self.checkpoints, self.cached = {}, []
        self.round = 0

    def check(self, port, writers, watcher):
        api = Api(port)
        for writer in writers:
            self.check_writer(api, writer)
        self.check_ledger(api, watcher)

    def check_writer(self, api, writer):
        if writer.fault:
            raise writer.fault
        for run_id, metrics in writer.runs.items():
            status, answer = api.call("GET", f"/api/2.0/mlflow/runs/get?run_id={run_id}")
            assert status == 200, f"acknowledged run {run_id} is lost: {answer}"
            there = {m["key"]: m["value"] for m in answer["run"]["data"].get("metrics", [])}
            assert not metrics or there == metrics, f"run {run_id}: {there} instead of {metrics}"
            assert len(there) in (0, 5), f"run {run_id}: half a batch is there: {there}"
        for model, count in writer.versions.items():
            status, answer = api.call("GET", f"/api/2.0/mlflow/registered-models/get?name={model}")
            assert status == 200, f"acknowledged model {model} is lost"
            if count:
                status, answer = api.call("GET", f"/api/2.0/mlflow/model-versions/get?name={model}&version={count}")
                assert status == 200, f"acknowledged version {model}/{count} is lost"
        for model, expected in writer.aliases.items():
            status, answer = api.call("GET", f"/api/2.0/mlflow/registered-models/alias?name={model}&alias=champion")
            at = int(answer["model_version"]["version"]) if status == 200 else None
            allowed = expected if isinstance(expected, set) else {expected}
            assert at in allowed, f"alias {model}@champion stands on {at}, expected {allowed}"
        for (model, key), value in writer.tags.items():
            _, answer = api.call("GET", f"/api/2.0/mlflow/registered-models/get?name={model}")
            there = {t["key"]: t["value"] for t in answer["registered_model"].get("tags", [])}
            assert there.get(key) == value, f"tag {model}.{key} is {there.get(key)}, acknowledged {value}"

    def check_ledger(self, api, watcher):
        self.checkpoints.update(watcher.seen)
        _, note = api.raw("GET", "/ledger/checkpoint")
        size = int(note.decode().split("\n")[1])
        newest = max(self.checkpoints, default=0)
        assert size >= newest, f"the ledger shrank: {size} entries, a client saw {newest}"
        hashes = leaf_hashes(api, size)
        assert hashes[: len(self.cached)] == self.cached, "a published entry has changed"
        self.cached = hashes
        for seen, root in self.checkpoints.items():
            assert base64.b64encode(root_of(hashes[:seen])).decode() == root, f"the checkpoint of size {seen} is contradicted"
        self.checkpoints = {size: base64.b64encode(root_of(hashes)).decode()}


def verify_everything(server, url):
    """Every hash again, and every governed row against the ledger, offline; `url` where the state is in PostgreSQL."""
    assert server.stop() == 0
    where = ["--data", server.data, *(["--db", url] if url else [])]
    verify = subprocess.run([binary(), "ledger", "verify", *where], capture_output=True, text=True)
    assert verify.returncode == 0, f"offline verification: {verify.stdout}{verify.stderr}"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kills", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    arguments.add_argument("--postgres", action="store_true")
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    rng = random.Random(options.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="regesta-crash-"))
    folder.chmod(0o755)  # as root the cluster runs as another user, who must get through
    flags, cluster, url = [], folder / "postgres", ""
    if options.postgres:
        url = subprocess.run([ROOT / "tools" / "postgres", "start", cluster], check=True, capture_output=True, text=True).stdout.strip()
        flags = ["--db", url]
    server = Server(folder / "data", *flags)
    expectation = Expectation()
    try:
        server.start()
        for kill in range(options.kills):
            writers = [Writer(server.port, f"{kill}-{i}", rng.random()) for i in range(CLIENTS)]
            watcher = Watcher(server.port)
            for thread in [*writers, watcher]:
                thread.start()
            time.sleep(rng.uniform(0.01, 0.5))
            server.kill()
            for thread in [*writers, watcher]:
                thread.join(30)
            server.start()
            expectation.check(server.port, writers, watcher)
            if kill % 25 == 24:
                print(f"{kill + 1} kills, ledger {len(expectation.cached)} entries", flush=True)
        verify_everything(server, url)
        print(f"{options.kills} kills, {len(expectation.cached)} ledger entries, nothing lost")
    except BaseException:
        print(f"FAILED with seed {options.seed}; the server's log ends:\n{server.log()[-3000:]}", file=sys.stderr)
        raise
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
        if options.postgres:
            subprocess.run([ROOT / "tools" / "postgres", "stop", cluster], check=False)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
