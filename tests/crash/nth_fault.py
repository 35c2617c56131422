"""Lets the N-th write, sync, rename or creation of a file fail, for every N of an upload in each dialect and of each call of
maintenance, and proves each time: the answer is an error in the client's dialect, nothing is half there, what was
acknowledged before is, and the server goes on when the disk is well.

    python tests/crash/nth_fault.py [--seconds 30] [--seed 7]
"""

import argparse
import hashlib
import json
import pathlib
import random
import re
import shutil
import sys
import tempfile
import time

import kill_blobs
from disk import Disk, DiskServer
from power_clients import Http, check_files

import kill

KINDS = ["write", "fsync", "rename", "create", "mkdir", "open", "unlink"]
ERRORS = ["EIO", "ENOSPC", "EDQUOT", "EROFS"]
REASONS = ["the disk", "the file system is read-only"]  # in the server's log: clients are not told of its disks


class Front:
    """One upload of a dialect: send() returns status and content; message() reads an error."""

    def __init__(self, name, method, path, message):
        self.name, self.method, self.path, self.message = name, method, path, message

    def send(self, client, content):
        return client.ask(self.method, self.path(content), content)


def sha(content):
    return hashlib.sha256(content).hexdigest()


def md5_path(content):
    digest = hashlib.md5(content).hexdigest()
    return f"/dvc/default/files/md5/{digest[:2]}/{digest[2:]}"


def native_message(content):
    return json.loads(content)["error"]["message"]


def mlflow_message(content):
    answer = json.loads(content)
    assert answer["error_code"], answer
    return answer["message"]


class Trial:
    """One server on one disk, and what it has acknowledged."""

    def __init__(self, folder, seed):
        self.disk = Disk(folder)
        self.server = DiskServer(self.disk, "--blobs-collect-hours", "0").start()
        self.random, self.stored = random.Random(seed), {}
        run = json.loads(self.client().do("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0"}))["run"]["info"]["run_id"]
        root = f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/"
        self.fronts = [
            Front("lfs", "PUT", lambda content: f"/lfs/default/objects/{sha(content)}", lambda answer: json.loads(answer)["message"]),
            Front("dvc", "POST", md5_path, lambda answer: answer.decode()),
            Front("mlflow", "PUT", lambda content: root + sha(content)[:8], mlflow_message),
            Front("native", "PUT", lambda _: "/api/v1/blobs", native_message),
        ]
        self.faults, self.trials, self.restarts = 0, 0, 0

    def client(self):
        return Http(self.server.port)

    def read_path(self, front, content):
        return f"/api/v1/blobs/{sha(content)}" if front.name == "native" else front.path(content)

    def whole_or_absent(self, front, content, acknowledged):
        status, answer = self.client().ask("GET", self.read_path(front, content))
        if status == 200:
            assert answer == content, f"{front.name}: half of an upload is there"
        else:
            assert status == 404 and not acknowledged, f"{front.name}: {status} {answer[:200]}"

    def check_error(self, name, error, status, answer, message):
        assert 500 <= status < 600, f"{name} with {error}: {status} {answer[:300]}"
        text = message(answer)
        request = re.search(r"under request id (\w+)", text)
        assert request, f"{name} with {error} answers {text!r}"
        logged = [line for line in self.server.log().splitlines() if request[1] in line]
        assert any(reason in line for line in logged for reason in REASONS), f"{name} with {error}: the log does not say what is wrong: {logged}"

    def recover(self, answer):
        """A disk that is well is enough, unless a sync failed: then the server says that it must be started again."""
        self.disk.heal()
        probe = self.random.randbytes(100)
        status, said = self.fronts[0].send(self.client(), probe)
        if status >= 500 and "until the server is restarted" in self.server.log()[-2000:]:
            assert self.client().ask("GET", "/ready")[0] == 503, "a server that must be restarted says that it is ready"
            assert self.server.stop() == 0
            self.server.start()
            self.restarts += 1
            status, said = self.fronts[0].send(self.client(), probe)
        assert status == 200, f"the disk is well again, and the server is not: {status} {said[:300]}; before: {answer[:300]}"

    def restart_if_needed(self):
        """The fault may have met the server's own work, which nobody is told of."""
        if self.client().ask("GET", "/ready")[0] == 503:
            assert self.server.stop() == 0
            self.server.start()
            self.restarts += 1

    def upload(self, front, size, kind, nth, error):
        """Whether the fault came to pass."""
        content = self.random.randbytes(size)
        self.disk.fail(kind, nth, error, onwards=self.random.random() < 0.5)
        status, answer = front.send(self.client(), content)
        reached = self.disk.matches() >= nth
        self.trials += 1
        self.disk.heal()
        if status >= 300:
            assert reached, f"{front.name}: {status} {answer[:300]} without a fault"
            self.faults += 1
            self.check_error(front.name, error, status, answer, front.message)
        self.whole_or_absent(front, content, status < 300)
        if status < 300:
            self.stored[self.read_path(front, content)] = sha(content)
        else:
            self.recover(answer)
        self.restart_if_needed()
        return reached

    def unwritable(self, front, switch, error):
        """While the disk is full or read-only uploads fail and everything stored is served; then all is well again."""
        content = self.random.randbytes(1_200_000)
        switch(True)
        status, answer = front.send(self.client(), content)
        self.check_error(front.name, error, status, answer, front.message)
        self.whole_or_absent(front, content, False)
        check_files(self.server.port, dict(self.random.sample(sorted(self.stored.items()), min(5, len(self.stored)))))
        assert self.client().ask("POST", "/api/v1/blobs/scrub", {})[0] < 600
        switch(False)
        self.recover(answer)
        status, answer = front.send(self.client(), content)
        assert status < 300, f"{front.name}: {status} {answer[:300]} on a disk that is well again"
        self.stored[self.read_path(front, content)] = sha(content)
        self.trials += 1
        self.faults += 1

    def fill(self, full):
        """Half a megabyte is left."""
        self.disk.command("capacity", self.disk.used() + 500_000 if full else 0)

    def read_only(self, on):
        self.disk.command("read-only", "on" if on else "off")

    def maintain(self, what, kind, nth, error):
        place = kill_blobs.Place(self.server.data)
        for _ in range(10):
            content = self.random.randbytes(2_000)
            status, _ = self.fronts[0].send(self.client(), content)
            assert status == 200
            self.stored[self.read_path(self.fronts[0], content)] = sha(content)
        self.client().do("PUT", "/api/v1/blobs", self.random.randbytes(2_000))
        place.age()
        self.stored = {path: digest for path, digest in self.stored.items() if not path.startswith("/api/v1/blobs/")}  # part of no version
        body = {"grace_hours": 1} if what == "collect" else {}
        self.disk.fail(kind, nth, error, onwards=self.random.random() < 0.5)
        status, answer = self.client().ask("POST", f"/api/v1/blobs/{what}", body)
        reached = self.disk.matches() >= nth
        self.trials += 1
        self.disk.heal()
        if status >= 300:
            assert reached, f"{what}: {status} {answer[:300]} without a fault"
            self.faults += 1
            self.check_error(what, error, status, answer, native_message)
            self.recover(answer)
        self.restart_if_needed()
        place.end_lease()  # to give it up is a write as well, which may have failed
        check_files(self.server.port, dict(self.random.sample(sorted(self.stored.items()), min(5, len(self.stored)))))
        return reached

    def finish(self):
        check_files(self.server.port, self.stored)
        kill_blobs.maintain(kill_blobs.Api(self.server.port), "scrub")
        kill.verify_everything(self.server, "")


def plan(trial):
    """All (action, kind) in one order; each is tried with N = 1, 2, … until the N-th operation does not exist."""
    actions = [(lambda kind, nth, error, front=front, size=size: trial.upload(front, size, kind, nth, error))
               for front in trial.fronts for size in (3_000, 1_200_000)]
    actions += [(lambda kind, nth, error, what=what: trial.maintain(what, kind, nth, error)) for what in ("collect", "repack", "reindex")]
    return [(action, kind) for action in actions for kind in KINDS]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=float, default=10**9)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    rng = random.Random(options.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="regesta-fault-"))
    until = time.monotonic() + options.seconds
    trial = Trial(folder / "t", options.seed)
    complete = True
    try:
        actions = plan(trial)
        for front in trial.fronts:
            trial.unwritable(front, trial.fill, "a full disk")
            trial.unwritable(front, trial.read_only, "a read-only disk")
        rng.shuffle(actions)
        for action, kind in actions:
            nth = 1
            while time.monotonic() < until and action(kind, nth, rng.choice(ERRORS)):
                nth += 1
            complete = complete and time.monotonic() < until
        trial.finish()
        print(f"{trial.trials} faults set, {trial.faults} reported by the server, {trial.restarts} restarts, "
              f"{'every' if complete else 'some'} N, nothing lost, nothing half there")
    except BaseException:
        print(f"FAILED with seed {options.seed}; the server's log ends:\n{trial.server.log()[-3000:]}", file=sys.stderr)
        raise
    finally:
        if trial.server.process.poll() is None:
            trial.server.kill()
        trial.disk.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
