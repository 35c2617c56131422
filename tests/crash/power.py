"""Cuts the power at random moments under mixed work, again and again on one disk that forgets whatever was not synced, and
proves after each restart that everything acknowledged is there.

    python tests/crash/power.py --cuts 200 --seed 7
"""

import argparse
import pathlib
import random
import shutil
import sys
import tempfile
import time

import kill_blobs
from disk import Disk, DiskServer
from power_clients import Agent, BackupClient, FrontClient, Http, Published, Stopped, check_backup, check_files

import kill

SURVIVORS = ["some", "some", "some", "nothing", "names", "bytes", "latest"]
LONGEST = 4.0  # seconds of work before a cut


class Round:
    """All clients at once until the power goes."""

    def __init__(self, server, disk, rng, name, base):
        port, seed = server.port, rng.random
        self.server, self.disk = server, disk
        self.writers = [kill.Writer(port, f"{name}-{i}", seed()) for i in range(2)]
        sizes = [rng.choice([3_000, 400_000, 3_000_000]) for _ in range(2)]
        self.uploaders = [kill_blobs.Uploader(port, f"d-{name}-{i}", seed(), base, size) for i, size in enumerate(sizes)]
        self.fronts = [FrontClient(port, seed())]
        self.watcher = kill.Watcher(port)
        backs_up = rng.random() < 0.2  # no garbage can be collected meanwhile
        self.backups = [BackupClient(port, seed(), server.data, disk.mount / "backups")] if backs_up else []
        self.others = [] if backs_up else [kill_blobs.Maintainer(port, seed())]

    def threads(self):
        return [*self.writers, *self.uploaders, *self.fronts, *self.others, *self.backups, self.watcher]

    def run(self, seconds):
        """Until the power goes, at most so long. Nothing may fail before."""
        for thread in self.threads():
            thread.start()
        until = time.monotonic() + seconds
        while not self.disk.is_off_within(0.05) and time.monotonic() < until:
            ended = [thread for thread in self.threads() if not thread.is_alive()]
            if ended and not self.disk.is_off_within(0):
                raise AssertionError(f"{ended[0]} ended before the power went: {getattr(ended[0], 'fault', '')!r} {getattr(ended[0], 'end', '')}")

    def join(self):
        for thread in self.threads():
            thread.join(60)
            if getattr(thread, "fault", None):
                raise thread.fault


class Expectation:
    """Everything acknowledged so far on one disk."""

    def __init__(self, server, rng):
        self.place = kill_blobs.Place(server.data)
        self.blobs = kill_blobs.Expectation(self.place, rng)
        self.ledger = kill.Expectation()
        self.files, self.backups, self.random = {}, {}, rng

    def check(self, server, work, scratch):
        fresh = self.blobs.note(work.uploaders)
        for front in work.fronts:
            self.files.update(front.stored)
        for each in work.backups:
            self.backups.update(each.made)
        Published(server.data).check({*self.ledger.checkpoints, *work.watcher.seen})
        for target, size in self.backups.items():
            check_backup(target, size, scratch)
            shutil.rmtree(target)
        self.backups.clear()
        self.place.end_lease()
        server.start()
        self.ledger.check(server.port, work.writers, work.watcher)
        old = sorted(self.blobs.tried | self.blobs.kept)
        self.blobs.check(server.port, fresh | set(self.random.sample(old, min(10, len(old)))))
        new = {path: digest for front in work.fronts for path, digest in front.stored.items()}
        check_files(server.port, new | dict(self.random.sample(sorted(self.files.items()), min(10, len(self.files)))))


def survivors(rng):
    return rng.choice(SURVIVORS), rng.getrandbits(32)


def first_start(folder, rng):
    """The power goes while the server starts for the first time, or soon after."""
    disk = Disk(folder / "first")
    server = DiskServer(disk)
    try:
        disk.cut_at(rng.randint(1, 2500))
        key, stored = b"", {}
        try:
            server.start()
            if rng.random() < 0.3:
                server.kill()  # what the next one finds is not synced
                server.start()
            client = Http(server.port)
            key = client.do("GET", "/ledger/key")
            while len(stored) < 20:
                path = FrontClient.lfs(client, rng.randbytes(3000))
                stored[path] = path.rsplit("/", 1)[1]
        except (RuntimeError, Stopped):
            # it may fail once the power is gone, and must not before
            assert disk.is_off_within(0), server.log()
        disk.cut()
        server.kill()
        how = survivors(rng)
        disk.restore(*how)
        server.start()
        if key and stored:
            assert Http(server.port).do("GET", "/ledger/key") == key, f"the ledger has another key ({how})"
        check_files(server.port, stored)
        kill.verify_everything(server, "")
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
        disk.close()


def agent_round(folder, disk, server, rng):
    """What the agent served before the power went it serves after it, also without the server."""
    agent = Agent(disk, server.url).start()
    name = f"p-{rng.getrandbits(32):08x}"
    agent.fetch(server.port, name)
    disk.cut()
    agent.kill()
    server.kill()
    disk.restore(*survivors(rng))
    agent.check()


def cut_rounds(folder, options, rng, until):
    disk = Disk(folder / "long")
    server = DiskServer(disk)
    expectation = Expectation(server, rng)
    base = rng.randbytes(3_000_000)
    cuts = 0
    try:
        server.start()
        while cuts < options.cuts and time.monotonic() < until:
            if rng.random() < 0.15:
                first_start(folder, rng)
                cuts += 1
            if rng.random() < 0.15:
                agent_round(folder, disk, server, rng)
                cuts += 1
                server.start()
            if rng.random() < 0.2:
                server.kill()  # what was not synced then is found by the next one, as if it were
                expectation.place.end_lease()
                server.start()
            work = Round(server, disk, rng, cuts, base)
            if rng.random() < 0.7:
                disk.cut_at(rng.randint(1, 4000))
            work.run(rng.uniform(0.2, LONGEST))
            disk.cut()
            server.kill()
            work.join()
            disk.restore(*survivors(rng))
            cuts += 1
            if rng.random() < 0.3:
                expectation.blobs.expire()
            expectation.check(server, work, folder)
            if cuts % 5 == 0:
                kill.verify_everything(server, "")
                server.start()
            if cuts % 20 == 0:
                print(f"{cuts} cuts, ledger {len(expectation.ledger.cached)} entries", flush=True)
        kill.verify_everything(server, "")
        files = len(expectation.files) + len(expectation.blobs.tried)
        print(f"{cuts} cuts, {len(expectation.ledger.cached)} ledger entries, {files} files, nothing lost")
    except BaseException:
        print(f"FAILED after {cuts} cuts with seed {options.seed}; the server's log ends:\n{server.log()[-3000:]}", file=sys.stderr)
        raise
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
        disk.close()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--cuts", type=int, default=10**9)
    arguments.add_argument("--seconds", type=float, default=10**9)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    kill.Api.disk_may_fail = kill_blobs.Api.disk_may_fail = True
    folder = pathlib.Path(tempfile.mkdtemp(prefix="regesta-power-"))
    try:
        cut_rounds(folder, options, random.Random(options.seed), time.monotonic() + options.seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
