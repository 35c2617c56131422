"""A disk and the processes on it, for sync_scenarios.py."""

import json
import os
import pathlib
import random
import subprocess
import time

from disk import Disk, DiskServer
from power_clients import FrontClient, Http, check_files

from regesta_server import binary


class World:
    """A disk and the processes on it. `environment` is that of those whose syncs are watched."""

    def __init__(self, folder, environment, survivors):
        self.scratch, self.environment, self.survivors = pathlib.Path(folder), environment, survivors
        self.disk = Disk(self.scratch)
        self.server = DiskServer(self.disk)
        self.random, self.stored, self.entries = random.Random(1), {}, 0

    def start(self, skip=None, watched=True):
        """`skip`: what the process leaves out instead."""
        self.server.environment = self.environment if watched else {}
        if skip:
            self.server.environment = {key: value for key, value in self.environment.items() if key == "LD_PRELOAD"} | {"POWERCUT_SKIP_SYNC": skip}
        self.server.start()

    def http(self):
        return Http(self.server.port)

    def store(self, size):
        path = FrontClient.lfs(self.http(), self.random.randbytes(size))
        self.stored[path] = path.rsplit("/", 1)[1]
        return self.stored[path]

    def create(self, name):
        self.http().do("POST", "/api/2.0/mlflow/registered-models/create", {"name": name})
        self.entries += 1

    def wait_for_checkpoint(self):
        """The number of entries, once all that were acknowledged are published."""
        until = time.monotonic() + 20
        while True:
            status, note = self.http().ask("GET", "/ledger/checkpoint")
            size = int(note.split(b"\n")[1]) if status == 200 else -1
            # What is acknowledged gets its number a moment later.
            if size >= max(self.entries, json.loads(self.http().do("GET", "/ready"))["ledger_size"]):
                return size
            assert time.monotonic() < until, "the ledger is not published"

    def run(self, *words, **environment):
        done = subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=120,
                              env=os.environ | {"REGESTA_URL": self.server.url if self.server.port else ""} | self.environment | environment)
        assert done.returncode == 0, f"regesta {words}: {done.stdout}{done.stderr}"
        return done.stdout

    def cut(self):
        self.disk.cut()
        if self.server.process.poll() is None:
            self.server.kill()
        self.disk.restore(self.survivors)

    def restarted(self):
        """The server as anybody would start it afterwards; everything stored is there."""
        self.start(watched=False)
        check_files(self.server.port, self.stored)
        return self.http()

    def close(self):
        if self.server.process and self.server.process.poll() is None:
            self.server.kill()
        self.disk.close()
