"""Starts the real binary for the Python tests. REGESTA_BINARY chooses which; default: the newest build there is."""

import os
import pathlib
import re
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def binary():
    if chosen := os.environ.get("REGESTA_BINARY"):
        return chosen
    built = [p for p in (ROOT / "build" / preset / "regesta" for preset in ("dev", "release")) if p.exists()]
    assert built, "build the server first: tools/build dev"
    return str(max(built, key=lambda p: p.stat().st_mtime))


class Server:
    """One `regesta serve` on a free port over `data`. `options` are further flags."""

    def __init__(self, data, *options, environment=None):
        self.data = str(data)
        self.options = list(options)
        self.environment = environment or {}
        self.port = None
        self.process = None

    def start(self, port=0):
        log = open(self.data + ".log", "ab")
        self.process = subprocess.Popen(
            [binary(), "serve", "--data", self.data, "--listen", f"127.0.0.1:{port}", *self.options],
            stdout=subprocess.PIPE, stderr=log, env=os.environ | self.environment, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"https?://[^:]+:(\d+)", line)
        if not found:
            self.process.wait(10)
            raise RuntimeError(f"the server did not start: {line!r}\n{self.log()}")
        self.port = int(found.group(1))
        return self

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def log(self):
        return pathlib.Path(self.data + ".log").read_text(errors="replace")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self, seconds=20):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        return self.process.returncode if self.process else None

    def restart(self):
        port = self.port
        self.stop()
        time.sleep(0.05)
        return self.start(port)
