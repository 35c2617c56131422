"""SIGKILLs the server at random moments under uploads, repack, gc and reindex, again and again on one data directory, and
proves after each restart that every acknowledged file is there, that no other is there in part, and at the end that
garbage collection leaves nothing behind.

    python tests/crash/kill_blobs.py --seconds 60 --seed 7
"""

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import random
import shutil
import sqlite3
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from regesta_server import Server

UPLOADERS = 4
DAY = 86_400_000
FOREVER = 4_102_444_800_000  # an upload of this time counts as used


class Gone(Exception):
    """The server is not there any more."""


class Api:
    disk_may_fail = False  # then an error of the server counts as its end

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, method, path, body=None, accept=(200, 201)):
        data = json.dumps(body) if isinstance(body, dict) else body
        try:
            self.connection.request(method, path, data, {"Content-Type": "application/json"})
            answer = self.connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as e:
            raise Gone from e
        if answer.status >= 500 and self.disk_may_fail:
            raise Gone(f"{answer.status} {content[:300]}")
        assert answer.status in accept, f"{method} {path}: {answer.status} {content[:300]}"
        return json.loads(content) if content else {}

    def content(self, digest):
        """None when there is no such blob."""
        self.connection.request("GET", f"/api/v1/blobs/{digest}")
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status in (200, 404), f"{digest}: {answer.status} {content[:300]}"
        return content if answer.status == 200 else None


class Uploader(threading.Thread):
    """Uploads until the server is gone; makes versions of some of what it has uploaded."""

    def __init__(self, port, asset, seed, base, size):
        super().__init__(daemon=True)
        self.port, self.asset, self.random, self.base, self.size = port, asset, random.Random(seed), base, size
        self.tried, self.stored, self.referred = set(), set(), set()
        self.fault = None

    def content(self):
        if self.random.random() < 0.6 or self.size < 100_000:
            return self.random.randbytes(self.random.randint(1, self.size))
        # Shares most of its chunks with others.
        start = self.random.randint(0, len(self.base) // 2)
        return self.base[start:start + self.random.randint(1, self.size)] + self.random.randbytes(100)

    def run(self):
        try:
            api = Api(self.port)
            api.call("POST", "/api/v1/assets", {"kind": "dataset", "name": self.asset})
            while True:
                self.step(api)
        except Gone:
            pass
        except BaseException as e:
            self.fault = e

    def step(self, api):
        digests = []
        for _ in range(self.random.randint(1, 3)):
            content = self.content()
            digest = hashlib.sha256(content).hexdigest()
            self.tried.add(digest)
            assert api.call("PUT", "/api/v1/blobs", content)["digest"] == digest
            self.stored.add(digest)
            digests.append(digest)
        if self.random.random() < 0.5:
            files = [{"path": f"f{i}", "digest": digest} for i, digest in enumerate(digests)]
            api.call("POST", f"/api/v1/assets/dataset/{self.asset}/versions", {"files": files})
            self.referred.update(digests)


class Maintainer(threading.Thread):
    """Collects, rewrites and reindexes until the server is gone."""

    def __init__(self, port, seed):
        super().__init__(daemon=True)
        self.port, self.random, self.fault, self.calls = port, random.Random(seed), None, 0

    def run(self):
        try:
            api = Api(self.port)
            while True:
                maintain(api, self.random.choice(["collect", "repack", "repack", "reindex"]))
                self.calls += 1
        except Gone:
            pass
        except BaseException as e:
            self.fault = e


def maintain(api, what):
    """All pages of one route."""
    body = {"grace_hours": 1} if what == "collect" else {}
    while True:
        answer = api.call("POST", f"/api/v1/blobs/{what}", body)
        assert not answer.get("damaged"), f"{what}: {answer}"
        if answer.get("next_page_token"):
            body["page_token"] = answer["next_page_token"]
        elif answer.get("more") is not True:
            return answer


class Place:
    """The data directory while no server runs on it."""

    def __init__(self, data):
        self.data, self.blobs = pathlib.Path(data), pathlib.Path(data) / "blobs"

    def rows(self, sql, *values):
        database = sqlite3.connect(self.data / "regesta.db", timeout=30)
        try:
            with database:
                return database.execute(sql, values).fetchall()
        finally:
            database.close()

    def packs(self):
        return {path.stem: path for path in self.blobs.glob("packs/*/*.pack")}

    def end_lease(self):
        """That of a call that died with its server would hold others off for minutes."""
        self.rows("UPDATE server_lease SET until = 0 WHERE name = 'blob.packs'")

    def age(self):
        """As if everything had happened eight days earlier."""
        earlier = 8 * DAY
        self.rows("UPDATE blob_object SET touched_at = touched_at - ?", earlier)
        self.rows("UPDATE blob_object SET condemned_at = condemned_at - ? WHERE condemned_at <> 0", earlier)
        self.rows("UPDATE blob_pack SET created_at = created_at - ?", earlier)
        self.rows("UPDATE blob_pack SET condemned_at = condemned_at - ? WHERE condemned_at <> 0", earlier)
        self.rows("UPDATE blob_upload SET at = at - ?", earlier)
        for pack in self.packs().values():
            at = pack.stat().st_mtime - earlier / 1000
            os.utime(pack, (at, at))

    def upload_mac(self, digest):
        """That of a row of blob_upload: src/registry/row_text.h."""
        seed = base64.b64decode((self.data / "keys" / "ledger.key").read_text().split("+", 4)[4])[1:]
        key = hmac.digest(hmac.digest(b"\0" * 32, seed, "sha256"), b"regesta row v1\x01", "sha256")
        row = f"blob_upload\nactor=10:local:root\ndigest=64:{digest}\nworkspace=7:default".encode()
        return hmac.digest(key, len(row).to_bytes(8, "big") + row, "sha256").hex()

    def put_whole_file(self, content):
        """A blob as earlier versions stored it, which something refers to."""
        digest = hashlib.sha256(content).hexdigest()
        path = self.blobs / digest[:2] / digest[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        self.rows("INSERT INTO blob_upload (workspace, digest, actor, at, size, mac) VALUES ('default', ?, 'local:root', ?, ?, ?)", digest,
                  FOREVER, len(content), self.upload_mac(digest))
        return digest


class Expectation:
    """What is acknowledged, over all rounds."""

    def __init__(self, place, rng):
        self.place, self.random = place, rng
        self.kept, self.loose, self.tried = set(), set(), set()

    def note(self, uploaders):
        fresh = set()
        for uploader in uploaders:
            if uploader.fault:
                raise uploader.fault
            self.tried |= uploader.tried
            self.kept |= uploader.referred
            self.loose |= uploader.stored - uploader.referred
            fresh |= uploader.tried
        return fresh

    def check(self, port, digests):
        """Acknowledged ones are there; the others are there whole or not at all."""
        api = Api(port)
        for digest in digests:
            content = api.content(digest)
            acknowledged = digest in self.kept or digest in self.loose
            assert content is not None or not acknowledged, f"the acknowledged file {digest} is lost"
            assert content is None or hashlib.sha256(content).hexdigest() == digest, f"{digest} has other content"
        maintain(api, "scrub")

    def expire(self):
        self.place.age()
        self.loose.clear()


def check_leftovers(server, place, expectation):
    """Maintenance after everything has expired leaves what is used, and nothing else."""
    for _ in range(4):
        assert server.stop() == 0
        expectation.expire()
        place.end_lease()
        server.start()
        maintain(Api(server.port), "repack")
        maintain(Api(server.port), "collect")
    expectation.check(server.port, expectation.tried | expectation.kept)
    assert server.stop() == 0
    packs = place.packs()
    for name, size in place.rows("SELECT name, size FROM blob_pack"):
        assert packs.pop(name).stat().st_size == size
    assert not packs, f"files that no row names: {packs}"
    assert not list((place.blobs / "tmp").iterdir()), "spool files are left"
    assert not place.rows("SELECT 1 FROM blob_pack WHERE id NOT IN (SELECT pack FROM blob_use)"), "unused packs are left"
    assert not place.rows("SELECT 1 FROM blob_hook WHERE pack NOT IN (SELECT id FROM blob_pack)"), "hooks without a pack"
    stored = {digest for digest, in place.rows("SELECT digest FROM blob_object")}
    used = {digest for digest, in place.rows("SELECT digest FROM version_file UNION SELECT digest FROM blob_upload WHERE at > ?", FOREVER // 2)}
    assert stored - used == set(), f"unused blobs are left: {stored - used}"
    assert used == stored and not list(place.blobs.glob("[0-9a-f][0-9a-f]/*")), "whole files are left"
    server.start()
    reindexed = maintain(Api(server.port), "reindex")
    assert reindexed["new_packs"] == reindexed["incomplete"] == 0, reindexed
    assert server.stop() == 0


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=float, default=20)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    rng = random.Random(options.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="regesta-crash-"))
    server, place = Server(folder / "data"), Place(folder / "data")
    expectation = Expectation(place, rng)
    base = rng.randbytes(3_000_000)
    until, kills, calls = time.monotonic() + options.seconds, 0, 0
    try:
        server.start()
        while time.monotonic() < until:
            sizes = [rng.choice([3_000, 3_000, 400_000, 3_000_000]) for _ in range(UPLOADERS)]
            uploaders = [Uploader(server.port, f"d-{kills}-{i}", rng.random(), base, size) for i, size in enumerate(sizes)]
            maintainer = Maintainer(server.port, rng.random())
            for thread in [*uploaders, maintainer]:
                thread.start()
            time.sleep(rng.uniform(0.05, 1.2))
            server.kill()
            kills += 1
            for thread in [*uploaders, maintainer]:
                thread.join(60)
            if maintainer.fault:
                raise maintainer.fault
            calls += maintainer.calls
            place.end_lease()
            fresh = expectation.note(uploaders)
            if rng.random() < 0.5:
                expectation.expire()
            if rng.random() < 0.3:
                whole = {place.put_whole_file(rng.randbytes(rng.randint(0, 300_000))) for _ in range(5)}
                expectation.kept |= whole
            server.start()
            old = sorted(expectation.tried | expectation.kept)
            expectation.check(server.port, fresh | set(rng.sample(old, min(20, len(old)))))
        check_leftovers(server, place, expectation)
        print(f"{kills} kills, {calls} calls of maintenance, {len(expectation.tried)} files, nothing lost, nothing left over")
    except BaseException:
        print(f"FAILED with seed {options.seed}; the server's log ends:\n{server.log()[-3000:]}", file=sys.stderr)
        raise
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
