"""Clients for the test of power cuts: each works until the server fails, and knows what was acknowledged."""

import base64
import hashlib
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import threading
import time

from kill import leaf_hashes, root_of
from regesta_server import binary


class Stopped(Exception):
    """The server answers with errors or is gone."""


class Http:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method, path, body=None):
        """Status and content."""
        data = json.dumps(body) if isinstance(body, dict) else body
        kind = "application/json" if isinstance(body, dict) else "application/octet-stream"
        try:
            self.connection.request(method, path, data, {"Content-Type": kind})
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as e:
            raise Stopped from e

    def do(self, method, path, body=None):
        status, content = self.ask(method, path, body)
        if status >= 500:
            raise Stopped(f"{status} {content[:300]}")
        assert status < 300, f"{method} {path}: {status} {content[:300]}"
        return content


class Client(threading.Thread):
    """Repeats step() until the server fails."""

    def __init__(self, port, seed):
        super().__init__(daemon=True)
        self.port, self.random, self.fault, self.end = port, random.Random(seed), None, ""

    def run(self):
        try:
            client = Http(self.port)
            while True:
                self.step(client)
        except Stopped as e:
            self.end = str(e)
        except BaseException as e:
            self.fault = e


class FrontClient(Client):
    """Uploads as DVC, Git LFS and MLflow do. `stored`: the path and SHA-256 of what was acknowledged."""

    def __init__(self, port, seed):
        super().__init__(port, seed)
        self.stored = {}

    def step(self, client):
        content = self.random.randbytes(self.random.choice([10, 5_000, 100_000, 700_000]))
        paths = [self.dvc, self.lfs, self.artifact]
        path = self.random.choice(paths)(client, content)
        self.stored[path] = hashlib.sha256(content).hexdigest()

    @staticmethod
    def dvc(client, content):
        md5 = hashlib.md5(content).hexdigest()
        path = f"/dvc/default/files/md5/{md5[:2]}/{md5[2:]}"
        client.do("POST", path, content)
        return path

    @staticmethod
    def lfs(client, content):
        path = f"/lfs/default/objects/{hashlib.sha256(content).hexdigest()}"
        client.do("PUT", path, content)
        return path

    @staticmethod
    def artifact(client, content):
        run = json.loads(client.do("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0"}))["run"]["info"]["run_id"]
        path = f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/weights.bin"
        client.do("PUT", path, content)
        return path


def check_files(port, stored):
    client = Http(port)
    for path, digest in stored.items():
        status, content = client.ask("GET", path)
        assert status == 200, f"the acknowledged {path} is lost: {status} {content[:200]}"
        assert hashlib.sha256(content).hexdigest() == digest, f"{path} has other content"


class BackupClient(Client):
    """Backs up; `made`: folders of backups that were acknowledged, with the size of the ledger before."""

    def __init__(self, port, seed, data, folder):
        super().__init__(port, seed)
        self.data, self.folder, self.made = data, pathlib.Path(folder), {}

    def step(self, client):
        size = int(client.do("GET", "/ledger/checkpoint").split(b"\n")[1])
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as e:
            raise Stopped from e
        target = self.folder / f"{self.random.getrandbits(32):08x}"
        done = subprocess.run([binary(), "backup", target, "--data", self.data], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise Stopped(done.stderr)
        self.made[target] = size


def check_backup(target, size, scratch, *options):
    data = pathlib.Path(scratch) / "restored"
    shutil.rmtree(data, ignore_errors=True)
    done = subprocess.run([binary(), "restore", target, "--data", data, *options], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"the acknowledged backup {target.name} cannot be restored: {done.stderr}"
    verify = subprocess.run([binary(), "ledger", "verify", "--data", data], capture_output=True, text=True, timeout=120)
    assert verify.returncode == 0, f"the backup {target.name}: {verify.stdout}{verify.stderr}"
    entries = max(int(number) for number in re.findall(r"(\d+) entries", verify.stdout) or ["0"])
    assert entries >= size, f"the backup {target.name} has {entries} entries, {size} were there before it"
    shutil.rmtree(data)


class Agent:
    """`regesta agent` with its folder on the disk. `kept`: the body of each answer, by the path."""

    def __init__(self, disk, url, environment=None):
        self.folder, self.url, self.environment, self.kept, self.process = disk.mount / "agent", url, environment or {}, {}, None
        self.dropped = []

    def start(self):
        self.process = subprocess.Popen([binary(), "agent", "--server", self.url, "--dir", self.folder, "--listen", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ | self.environment)
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert found, f"the agent did not start: {line!r}"
        self.port = int(found[1])
        return self

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self.process.stdout.close()

    def fetch(self, server_port, name):
        """A new prompt, stored by the agent because somebody asks for it."""
        Http(server_port).do("POST", f"/api/v1/prompts/{name}/versions", {"template": f"{name} {{{{text}}}}"})
        Http(server_port).do("PUT", f"/api/v1/assets/prompt/{name}/aliases/live", {"version": 1})
        path = f"/api/v1/prompts/{name}/resolve?alias=live"
        self.kept[path] = Http(self.port).do("GET", path)

    def drop(self, server_port, name):
        """The alias is deleted, and the agent has heard of it."""
        Http(server_port).do("DELETE", f"/api/v1/assets/prompt/{name}/aliases/live")
        path, until = f"/api/v1/prompts/{name}/resolve?alias=live", time.monotonic() + 20
        while Http(self.port).ask("GET", path)[0] == 200:
            assert time.monotonic() < until, "the agent has not heard of a deleted alias"
            time.sleep(0.01)
        self.kept.pop(path)
        self.dropped.append(path)

    def check(self):
        """Started again, with no server, it serves what it served."""
        self.url, self.environment = "http://127.0.0.1:9", {}
        self.start()
        try:
            for path, body in self.kept.items():
                status, answer = Http(self.port).ask("GET", path)
                assert (status, answer) == (200, body), f"the agent has lost {path}: {status} {answer[:200]}"
            for path in self.dropped:
                assert Http(self.port).ask("GET", path)[0] != 200, f"the agent serves {path} again, whose alias was deleted"
        finally:
            self.kill()


class Published:
    """The ledger's files, read as any web server would serve them."""

    def __init__(self, data):
        self.data = pathlib.Path(data)

    def raw(self, _, path):
        file = self.data / path.lstrip("/")
        return (200, file.read_bytes()) if file.is_file() else (404, b"")

    def check(self, seen):
        """Every tile of the checkpoint is there, and no checkpoint that somebody saw is newer."""
        status, note = self.raw("GET", "/ledger/checkpoint")
        size = int(note.split(b"\n")[1]) if note.startswith(b"regesta/") else -1
        assert status == 404 or note.startswith(b"regesta/"), f"the published checkpoint is damaged: {note[:200]!r}"
        assert size >= max(seen, default=-1), f"the published checkpoint has {size} entries, a client saw {max(seen)}"
        if size > 0:
            hashes = leaf_hashes(self, size)
            assert note.split(b"\n")[2] == base64.b64encode(root_of(hashes)), "the published entries do not match the checkpoint"
