#!/usr/bin/env python3
"""History lines of W&B's clients that the server stores per second, durably, and the same lines written and synced to one file.

    bench/wandb_bench.py [--runs 8] [--requests 20] [--lines 2000]      (REGESTA_BINARY: the program)
"""

import argparse
import http.client
import json
import os
import pathlib
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))

from regesta_server import Server


def lines(first, count):
    return [json.dumps({"_step": step, "_timestamp": 1.8e9 + step, "_runtime": step / 10, "loss": 1 / (step + 1), "accuracy": step % 100 / 100})
            for step in range(first, first + count)]


def call(connection, path, body):
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 200 and b'"errors"' not in text, text[:500]


def log_run(port, name, bodies, start):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    query = "mutation ($n: String) { upsertBucket(input: {modelName: \"bench\", name: $n}) { inserted } }"
    call(connection, "/graphql", json.dumps({"query": query, "variables": {"n": name}}))
    start.wait()
    for body in bodies:
        call(connection, f"/files/default/bench/{name}/file_stream", body)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=8)
    options.add_argument("--requests", type=int, default=20)
    options.add_argument("--lines", type=int, default=2000)
    asked = options.parse_args()
    bodies = [json.dumps({"files": {"wandb-history.jsonl": {"offset": at * asked.lines, "content": lines(at * asked.lines, asked.lines)}}})
              for at in range(asked.requests)]
    total = asked.runs * asked.requests * asked.lines
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with open(f"{folder}/lines", "wb") as file:
            for body in bodies * asked.runs:
                file.write(body.encode())
                file.flush()
                os.fdatasync(file.fileno())
        peer = total / (time.perf_counter() - began)
        server = Server(f"{folder}/data").start()
        start = threading.Barrier(asked.runs + 1)
        threads = [threading.Thread(target=log_run, args=(server.port, f"run-{n}", bodies, start)) for n in range(asked.runs)]
        for thread in threads:
            thread.start()
        start.wait()
        began = time.perf_counter()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - began
        status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
        peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
        server.stop()
    print(f"{total} lines of {asked.runs} runs: {total / seconds:,.0f} lines/s; peak memory {int(peak) // 1024} MiB; "
          f"written and synced to one file: {peer:,.0f} lines/s")


if __name__ == "__main__":
    main()
