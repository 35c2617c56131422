"""A Ray cluster of one node, from the environment in build/tools/ray that tools/setup makes."""

import json
import os
import pathlib
import subprocess
import time
import urllib.request

from slurm import free_ports

from regesta_server import ROOT

RAY = ROOT / "build" / "tools" / "ray" / "bin" / "ray"


class Ray:
    """`with Ray(folder) as cluster:` starts the head of a cluster; cluster.url is its dashboard."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port, self.head = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        assert RAY.exists(), "run tools/setup: it installs Ray"
        environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": str(self.folder)}
        log = open(self.folder / "ray.log", "ab")
        self.process = subprocess.Popen(
            [str(RAY), "start", "--head", "--block", "--port", str(self.head), "--num-cpus", "2", "--dashboard-host", "127.0.0.1",
             "--dashboard-port", str(self.port), "--temp-dir", str(self.folder / "s"), "--node-ip-address", "127.0.0.1"],
            stdout=log, stderr=log, env=environment, start_new_session=True)
        end = time.monotonic() + 120
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < end, (self.folder / "ray.log").read_text()[-2000:]
            time.sleep(0.5)
        return self

    def answers(self):
        try:
            return self.jobs() is not None
        except OSError:
            return False

    def jobs(self):
        with urllib.request.urlopen(self.url + "/api/jobs/", timeout=10) as answer:
            return json.load(answer)

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
