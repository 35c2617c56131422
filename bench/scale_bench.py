#!/usr/bin/env python3
"""Registering and reading versions with 64 keep-alive clients, on PostgreSQL and on SQLite, beside pgbench, which runs the
statements of a registration on the same cluster. Interleaved rounds, medians.

    tools/bench scale, or python3 bench/scale_bench.py [--rounds 3] [--seconds 5] [--clients 64]

The server, PostgreSQL and the client share the machine. pgbench sends the statements of bench/scale.sql, prepared, as one
transaction per registration, to a copy of the database that no server has open; one that sends three INSERTs per transaction
is measured too. Needs wrk, pgbench and psql. REGESTA_BINARY chooses the server (the release build).
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("REGESTA_BINARY", str(ROOT / "build/release/regesta"))
MODELS = 64  # bench/scale.sql has the number too
CREATE = "/api/2.0/mlflow/model-versions/create"
READ = "/api/2.0/mlflow/model-versions/get"
THREE_INSERTS = "BEGIN;\n" + "INSERT INTO plain (name, at, body) VALUES ('name', 1, repeat('b', 600));\n" * 3 + "COMMIT;\n"


class Server:
    """`regesta serve` on a folder of its own, and on the database at `url` if there is one."""

    def __init__(self, folder, url=""):
        more = ["--db", url] if url else []
        self.process = subprocess.Popen([BINARY, "serve", "--data", folder, "--listen", "127.0.0.1:0", *more],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(re.search(r"http://[^:]+:(\d+)", self.process.stdout.readline())[1])

    def post(self, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise SystemExit(f"POST {path}: {answer.status} {answer.read().decode()}")

    def fill(self):
        for i in range(MODELS):
            self.post("/api/2.0/mlflow/registered-models/create", {"name": f"m{i}"})
            self.post(CREATE, {"name": f"m{i}", "source": "s3://bucket/m"})

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def write_scripts(folder):
    """wrk asks for another model each time."""
    turn = f"local at = 0\nrequest = function()\n  at = (at + 1) % {MODELS}\n  return "
    body = """'{"name":"m' .. at .. '","source":"s3://bucket/m"}'"""
    (folder / "register.lua").write_text(turn + f'wrk.format("POST", "{CREATE}", {{["Content-Type"] = "application/json"}}, {body})\nend\n')
    (folder / "read.lua").write_text(turn + f'wrk.format("GET", "{READ}?name=m" .. at .. "&version=1")\nend\n')
    (folder / "inserts.sql").write_text(THREE_INSERTS)


def millis(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def cpu_seconds(pid):
    """Of the process and its children, those that have ended too."""
    total = sum(int(field) for field in pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:15])
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    for child in children:
        try:
            total += sum(int(field) for field in pathlib.Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[11:13])
        except FileNotFoundError:
            pass
    return total / os.sysconf("SC_CLK_TCK")


class Cpu:
    """CPU time of processes while the block runs."""

    def __init__(self, *pids):
        self.pids = pids

    def __enter__(self):
        self.before = [cpu_seconds(pid) for pid in self.pids]
        return self

    def __exit__(self, *_):
        self.used = [cpu_seconds(pid) - before for pid, before in zip(self.pids, self.before)]


def load(server, script, arguments):
    """Requests per second, the 50th and 99th percentile in ms, microseconds of CPU per request: the server's, PostgreSQL's."""
    with Cpu(server.process.pid, arguments.postmaster) as cpu:
        found = drive(server, script, arguments)
    return *found[:3], *(used / found[3] * 1e6 for used in cpu.used)


def drive(server, script, arguments):
    out = subprocess.run(["wrk", "-t1", f"-c{arguments.clients}", f"-d{arguments.seconds}s", "--latency", "--timeout", "30s", "-s", script,
                          f"http://127.0.0.1:{server.port}"], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(f"errors while measuring {script.name}:\n{out}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), *(millis(re.search(rf"^ +{part}% +(\S+)", out, re.M)[1]) for part in (50, 99)), \
        int(re.search(r"(\d+) requests in", out)[1])


def pgbench(url, script, arguments):
    with Cpu(arguments.postmaster) as cpu:
        out = subprocess.run(["pgbench", "-n", "-M", "prepared", "-c", str(arguments.clients), "-j", "1", "-T", str(arguments.seconds),
                              "-f", script, url], stdout=subprocess.PIPE, text=True, check=True).stdout
    count = int(re.search(r"actually processed: (\d+)", out)[1])
    latency = float(re.search(r"latency average = ([\d.]+)", out)[1])
    return float(re.search(r"tps = ([\d.]+)", out)[1]), latency, 0, 0, cpu.used[0] / count * 1e6


def sql(url, text):
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", url, "-c", text], check=True)


def measure(folder, cluster, arguments):
    first = Server(folder / "postgres", cluster)
    first.fill()
    first.stop()
    copy = cluster.replace("/regesta?", "/copy?")
    sql(cluster.replace("/regesta?", "/postgres?"), "CREATE DATABASE copy TEMPLATE regesta")
    sql(copy, "CREATE TABLE plain (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name TEXT, at BIGINT, body TEXT)")
    write_scripts(folder)
    postgres, sqlite = Server(folder / "postgres", cluster), Server(folder / "sqlite")
    sqlite.fill()
    runs = {"PostgreSQL register": lambda: load(postgres, folder / "register.lua", arguments),
            "pgbench, same": lambda: pgbench(copy, ROOT / "bench/scale.sql", arguments),
            "pgbench, 3 inserts": lambda: pgbench(copy, folder / "inserts.sql", arguments),
            "SQLite register": lambda: load(sqlite, folder / "register.lua", arguments),
            "PostgreSQL read": lambda: load(postgres, folder / "read.lua", arguments),
            "SQLite read": lambda: load(sqlite, folder / "read.lua", arguments)}
    figures = {}
    try:
        for _ in range(arguments.rounds):
            for name, run in runs.items():
                if arguments.only in name:
                    figures.setdefault(name, []).append(run())
    finally:
        postgres.stop()
        sqlite.stop()
    print(f"{'':22} {'per second':>10} {'p50 ms':>8} {'p99 ms':>8}   {'us CPU: server':>14} {'PostgreSQL':>10}")
    for name, rows in figures.items():
        rate, middle, slow, ours, theirs = (statistics.median(column) for column in zip(*rows))
        print(f"{name:22} {rate:10,.0f} {middle:8.1f} {slow or float('nan'):8.1f}   {ours:14.0f} {theirs:10.0f}", flush=True)
    if {"PostgreSQL register", "pgbench, same"} <= figures.keys():
        ours, theirs = (statistics.median(row[0] for row in figures[name]) for name in ("PostgreSQL register", "pgbench, same"))
        print(f"registrations / pgbench with the same statements: {ours / theirs:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--only", default="", help="measurements whose name holds this")
    arguments = parser.parse_args()
    for tool in ("wrk", "pgbench", "psql"):
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is needed")
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cluster:
        os.chmod(cluster, 0o755)  # PostgreSQL runs as a user of its own
        url = subprocess.run([ROOT / "tools/postgres", "start", cluster + "/c"], capture_output=True, text=True, check=True).stdout.strip()
        arguments.postmaster = int((pathlib.Path(cluster) / "c/data/postmaster.pid").read_text().split()[0])
        try:
            measure(pathlib.Path(folder), url, arguments)
        finally:
            subprocess.run([ROOT / "tools/postgres", "drop", cluster + "/c"], check=True)


if __name__ == "__main__":
    main()
