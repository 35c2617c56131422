"""Starts the real binary for the Python tests. REGESTA_BINARY chooses which; default: the newest build there is."""

import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent


def binary():
    if chosen := os.environ.get("REGESTA_BINARY"):
        return chosen
    built = [p for p in (ROOT / "build" / preset / "regesta" for preset in ("dev", "release")) if p.exists()]
    assert built, "build the server first: tools/build dev"
    return str(max(built, key=lambda p: p.stat().st_mtime))


def eventually(check, seconds=60, every=0.05):
    """What `check()` returns, as soon as it is true. The time is what a busy machine may need; nothing waits longer than it has to."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(every)
    return found


class Server:
    """One `regesta serve` on a free port over `data`. `options` are further flags."""

    def __init__(self, data, *options, environment=None):
        self.data = str(data)
        self.options = list(options)
        self.environment = environment or {}
        self.log_file = pathlib.Path(self.data + ".log")
        self.port = None
        self.process = None

    def start(self, port=0):
        log = open(self.log_file, "ab")
        self.process = subprocess.Popen(
            [binary(), "serve", "--data", self.data, "--listen", f"127.0.0.1:{port}", *self.options],
            stdout=subprocess.PIPE, stderr=log, env=os.environ | self.environment, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"https?://[^:]+:(\d+)", line)
        if not found:
            self.process.wait(60)
            raise RuntimeError(f"the server did not start: {line!r}\n{self.log()}")
        self.port = int(found.group(1))
        return self

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def log(self):
        return self.log_file.read_text(errors="replace")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)

    def settle(self):
        """Waits until the ledger has numbered and published every entry so far: then lists, the feed and the tiles show it.
        For servers on SQLite."""
        with sqlite3.connect(f"file:{self.data}/regesta.db?mode=ro", uri=True, timeout=60) as database:
            [count] = database.execute("SELECT count(*) FROM ledger_entry WHERE refused IS NULL").fetchone()
        database.close()

        def published():
            with urllib.request.urlopen(self.url + "/ledger/checkpoint", timeout=60) as note:
                return int(note.read().split(b"\n")[1])

        eventually(lambda: published() >= count)

    def stop(self, seconds=60):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        return self.process.returncode if self.process else None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def restart(self):
        port = self.port
        self.stop()
        time.sleep(0.05)
        return self.start(port)
