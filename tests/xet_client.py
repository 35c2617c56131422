"""hf_xet and the Xet store for the Python tests: tokens as the hub makes them, and the client in a process of its own."""

import base64
import getpass
import hashlib
import hmac
import json
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import time

import requests

SCRIPT = pathlib.Path(__file__).resolve().parent / "xet_transfer.py"


def noise(size, seed):
    return random.Random(seed).randbytes(size)


def url_base64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hmac_sha256(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def seal(server, purpose, payload):
    """What the server signs, with a key that derives from the ledger's (HKDF, RFC 5869), and what it stores of the user's password."""
    with sqlite3.connect(f"{server.data}/regesta.db") as database:
        user = database.execute("SELECT password FROM user_account WHERE 'user:' || name = ? AND disabled = 0", [payload["actor"]]).fetchone()
    database.close()
    line = pathlib.Path(server.data, "keys", "ledger.key").read_text(encoding="utf-8").strip()
    seed = base64.b64decode(line.removeprefix("PRIVATE+KEY+").split("+", 2)[2])[1:]
    key = hmac_sha256(hmac_sha256(bytes(32), seed), b"regesta access v1\x01")
    encoded = url_base64(json.dumps(payload).encode())
    parts = (b"capability", f"{purpose}/{encoded}\n{payload['actor']}\n{user[0] if user else ''}".encode())
    message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return f"{encoded}.{url_base64(hmac_sha256(key, message))}"


def make_token(server, workspace="default", actor=None, name="m", verb="write", kind="model", seconds=600):
    return "xet_" + seal(server, "xet-token", {"workspace": workspace, "kind": kind, "name": name, "verb": verb, "actor": actor or f"local:{getpass.getuser()}",
                                               "exp": int(time.time()) + seconds})


class XetClient:
    """hf_xet on a machine of its own: `cache` is what it remembers. `url` may be a proxy's."""

    def __init__(self, server, cache, url=None, **token):
        self.server, self.url, self.token = server, f"{url or server.url}/hf/cas/{token.get('workspace', 'default')}", token
        self.environment = {**os.environ, "HF_XET_CACHE": str(cache), "HF_XET_CLIENT_RETRY_MAX_ATTEMPTS": "1", "HF_XET_TELEMETRY_ENABLED": "0"}

    def start(self, verb, *words):
        command = [sys.executable, SCRIPT, self.url, make_token(self.server, **self.token), str(int(time.time()) + 600), verb, *map(str, words)]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, verb, *words, fails=False):
        process = self.start(verb, *words)
        answer, errors = process.communicate(timeout=120)
        assert (process.returncode != 0) == fails, answer + errors
        return errors if fails else json.loads(answer)

    def upload(self, *files, fails=False):
        return self.run("upload", *files, fails=fails)

    def download(self, info, target, fails=False):
        said = self.run("download", info["hash"], info["size"], target, fails=fails)
        return said if fails else target.read_bytes()

    def request(self, method, path, **more):
        """The same call by hand."""
        headers = {"Authorization": f"Bearer {make_token(self.server, **self.token)}"} | more.pop("headers", {})
        return requests.request(method, self.url + path, headers=headers, timeout=60, **more)


def stored_bytes(server):
    return sum(path.stat().st_size for path in pathlib.Path(server.data, "blobs", "packs").rglob("*.pack"))
