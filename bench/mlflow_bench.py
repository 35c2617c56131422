"""The MLflow calls of a training job against MLflow's own server, on this machine, interleaved.

    .venv/bin/python bench/mlflow_bench.py [--rounds 3] [--seconds 3]

Both servers keep their state in SQLite on the same disk. For each call: CPU per call (user + system of the server's whole
process tree, while 16 keep-alive clients call), throughput of those 16 clients, and the median latency of one client (where
MLflow runs with --workers 1: its default setting loses 44 ms a call for want of TCP_NODELAY). Then start to first answer and
idle memory. Medians over the rounds; ratios are MLflow / Regesta for costs and Regesta / MLflow for throughput.
"""

import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ | {"DO_NOT_TRACK": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def tree(pid):
    """The process and all its descendants."""
    found = [pid]
    for child in subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split():
        found += tree(int(child))
    return found


def cpu_seconds(pid):
    total = 0
    for p in tree(pid):
        try:
            fields = pathlib.Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except FileNotFoundError:
            pass
    return total / TICK


def memory_mib(pid):
    """Proportional set size of the tree: shared pages are counted once."""
    total = 0
    for p in tree(pid):
        try:
            total += int(re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{p}/smaps_rollup").read_text(), re.M).group(1))
        except (FileNotFoundError, AttributeError):
            pass
    return total / 1024


class Peer:
    def __init__(self, name, command):
        self.name, self.port = name, free_port()
        self.folder = tempfile.mkdtemp(prefix="regesta-bench-")
        began = time.monotonic()
        self.process = subprocess.Popen([c.format(port=self.port, folder=self.folder) for c in command], cwd=self.folder, env=ENVIRONMENT,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        while True:
            try:
                self.call("GET", "/health")
                break
            except OSError:
                time.sleep(0.002)
        self.started = time.monotonic() - began

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, (self.name, method, path, answer.status, content[:300])
        return json.loads(content) if content.startswith(b"{") else content

    def fill(self, runs):
        # The runs that a faster server makes more of must not be in the way of its searches.
        self.elsewhere = self.call("POST", "/api/2.0/mlflow/experiments/create", {"name": "created under load"})["experiment_id"]
        for i in range(runs):
            run = self.call("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0", "start_time": i, "user_id": "b"})
            self.run_id = run["run"]["info"]["run_id"]
            self.call("POST", "/api/2.0/mlflow/runs/log-batch", {
                "run_id": self.run_id, "metrics": [{"key": f"m{k}", "value": i + k, "timestamp": 1, "step": 0} for k in range(10)],
                "params": [{"key": f"p{k}", "value": str(k)} for k in range(5)]})
        self.call("POST", "/api/2.0/mlflow/registered-models/create", {"name": "m"})
        self.call("POST", "/api/2.0/mlflow/model-versions/create", {"name": "m", "source": "s3://b/m"})
        self.call("POST", "/api/2.0/mlflow/registered-models/alias", {"name": "m", "alias": "champion", "version": "1"})

    def stop(self):
        os.killpg(self.process.pid, 15)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
        shutil.rmtree(self.folder, ignore_errors=True)


def calls_for(peer):
    batch = {"run_id": peer.run_id, "metrics": [{"key": f"m{k}", "value": 0.5, "timestamp": 2, "step": 1} for k in range(10)]}
    return [
        ("create run", "POST", "/api/2.0/mlflow/runs/create", {"experiment_id": peer.elsewhere, "start_time": 1, "user_id": "b"}),
        ("log batch of 10", "POST", "/api/2.0/mlflow/runs/log-batch", batch),
        ("get run", "GET", f"/api/2.0/mlflow/runs/get?run_id={peer.run_id}", None),
        ("search runs, 20 of 200", "POST", "/api/2.0/mlflow/runs/search",
         {"experiment_ids": ["0"], "filter": "metrics.m1 > 100", "order_by": ["metrics.m2 DESC"], "max_results": 20}),
        ("search models", "GET", "/api/2.0/mlflow/registered-models/search?max_results=10", None),
        ("get by alias", "GET", "/api/2.0/mlflow/registered-models/alias?name=m&alias=champion", None),
    ]


def load(peer, method, path, body, clients, seconds):
    """Requests per second and CPU seconds per request of the server."""
    script = pathlib.Path(peer.folder) / "call.lua"
    text = json.dumps(body) if body is not None else ""
    script.write_text(f'wrk.method = "{method}"\nwrk.body = [==[{text}]==]\nwrk.headers["Content-Type"] = "application/json"\n')
    before = cpu_seconds(peer.process.pid)
    out = subprocess.run(["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s", "-s", script, f"http://127.0.0.1:{peer.port}{path}"],
                         capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(peer.process.pid) - before
    # MLflow answers some calls with 500 when 16 clients meet on its SQLite file: only answers count. We must have none.
    failed = int((re.search(r"Non-2xx or 3xx responses: (\d+)", out) or [0, 0])[1])
    assert failed == 0 or peer.name == "mlflow", out
    count, took = re.search(r"(\d+) requests in ([\d.]+)s", out).groups()
    good = int(count) - failed
    return good / float(took), used / max(good, 1)


def latency_ms(peer, method, path, body, count):
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=60)
    text = json.dumps(body) if body is not None else None
    times = []
    for _ in range(count):
        began = time.perf_counter()
        connection.request(method, path, text, {"Content-Type": "application/json"})
        connection.getresponse().read()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=3)
    arguments.add_argument("--only", default="", help="calls whose name holds this")
    options = arguments.parse_args()
    regesta = [str(ROOT / "build/release/regesta"), "serve", "--data", "{folder}/data", "--listen", "127.0.0.1:{port}"]
    mlflow = [str(pathlib.Path(sys.executable).parent / "mlflow"), "server", "--host", "127.0.0.1", "--port", "{port}", "--workers", "1",
              "--backend-store-uri", "sqlite:///{folder}/m.db", "--artifacts-destination", "{folder}/a"]
    ours, theirs = Peer("regesta", regesta), Peer("mlflow", mlflow)
    try:
        time.sleep(2)
        memory = memory_mib(ours.process.pid), memory_mib(theirs.process.pid)
        print(f"start to first answer   regesta {ours.started * 1000:.0f} ms   mlflow {theirs.started:.1f} s")
        print(f"idle memory (PSS)       regesta {memory[0]:.1f} MiB   mlflow {memory[1]:.0f} MiB")
        for peer in (ours, theirs):
            peer.fill(200)
        print(f"{'call':24} {'CPU µs':>9} {'MLflow':>9} {'ratio':>7} | {'calls/s':>8} {'MLflow':>7} {'ratio':>7} | {'ms at 1':>8} {'MLflow':>7} {'ratio':>6}")
        for ours_call, theirs_call in zip(calls_for(ours), calls_for(theirs)):
            name, figures = ours_call[0], {}
            if options.only not in name:
                continue
            for _ in range(options.rounds):
                for peer, call in ((ours, ours_call), (theirs, theirs_call)):
                    rate, cpu = load(peer, *call[1:], 16, options.seconds)
                    wait = latency_ms(peer, *call[1:], 200 if peer is ours else 40)
                    figures.setdefault(peer.name, []).append((cpu * 1e6, rate, wait))
            a, b = ([statistics.median(column) for column in zip(*figures[peer.name])] for peer in (ours, theirs))
            # 16 clients writing to one run can leave MLflow without a single answer in the time: then there is no ratio.
            more = f"{a[1] / b[1]:6.0f}x" if b[1] else "   none"
            print(f"{name:24} {a[0]:9.0f} {b[0]:9.0f} {b[0] / a[0]:6.0f}x | {a[1]:8.0f} {b[1]:7.0f} {more} | {a[2]:8.2f} {b[2]:7.2f} {b[2] / a[2]:5.0f}x", flush=True)
    finally:
        ours.stop()
        theirs.stop()


if __name__ == "__main__":
    main()
