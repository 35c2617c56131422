#!/usr/bin/env python3
"""Decision records: stored per second, durably, beside the same bytes written and synced to one file and the same rows
inserted into SQLite; the time of a search by subject and by version and time; the time to pack a version with many
events; and accuracy and fairness of many rows beside scikit-learn with pandas.

    bench/records_bench.py [--records 1000000] [--events 1000] [--rows 1000000] [--postgres]      (REGESTA_BINARY: the program)
"""

import argparse
import http.client
import json
import os
import pathlib
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))

from clients import call, together

from regesta_server import ROOT, Server, binary

BATCH, SLICE = 5_000, 200_000
SUBJECTS = 50_000


def model(server, name):
    call(server, "POST", "/api/v1/assets", {"kind": "model", "name": name})
    call(server, "POST", f"/api/v1/assets/model/{name}/versions", {"source": "s3://bucket/x"})


def record(number, start):
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start + number % 2_000_000))
    return {"model": f"loan-{number % 4}@1", "at": at, "subject": f"customer-{number * 7919 % SUBJECTS}", "caller": "web",
            "inputs": {"income": number % 90_000, "age": 20 + number % 60, "region": f"r{number % 17}"}, "output": {"approve": number % 3 == 0, "score": number % 1000 / 1000}}


def batches(first, count):
    start = time.time() - 2_100_000
    for at in range(first, first + count, BATCH):
        yield "\n".join(json.dumps(record(n, start)) for n in range(at, min(at + BATCH, first + count))).encode()


def to_file(folder, bodies):
    began = time.perf_counter()
    with open(folder / "lines", "wb") as file:
        for body in bodies:
            file.write(body)
            file.flush()
            os.fdatasync(file.fileno())
    return time.perf_counter() - began


def to_sqlite(folder, bodies):
    base = sqlite3.connect(folder / "peer.db", isolation_level=None)
    base.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE r (id INTEGER PRIMARY KEY, subject TEXT, at TEXT, body TEXT);"
                       "CREATE INDEX s ON r (subject, at);")
    rows = [[(one["subject"], one["at"], line) for line in body.decode().split("\n") for one in [json.loads(line)]] for body in bodies]
    began = time.perf_counter()
    for batch in rows:
        base.execute("BEGIN")
        base.executemany("INSERT INTO r (subject, at, body) VALUES (?, ?, ?)", batch)
        base.execute("COMMIT")
    return time.perf_counter() - began


def send(port, bodies):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    for body in bodies:
        connection.request("POST", "/api/v1/records", body)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 201, text[:500]


def ingest(server, count, clients=2):
    """Prepared in slices, so that making the bodies takes no part in the time."""
    seconds = 0.0
    for done in range(0, count, SLICE):
        bodies = list(batches(done, min(SLICE, count - done)))
        seconds += together(lambda share: send(server.port, share), [bodies[i::clients] for i in range(clients)])
    return seconds


def median_ms(act, times=30):
    took = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def measure_records(folder, asked):
    sample = list(batches(0, min(asked.records, 100_000)))
    share = min(asked.records, 100_000)
    file, base = share / to_file(folder, sample), share / to_sqlite(folder, sample)
    server = Server(folder / "data", *([f"--db={asked.url}"] if asked.postgres else [])).start()
    for n in range(4):
        model(server, f"loan-{n}")
    seconds = ingest(server, asked.records)
    print(f"{asked.records:,} records in batches of {BATCH:,}: {asked.records / seconds:,.0f}/s; "
          f"written and synced to one file {file:,.0f}/s, inserted into SQLite {base:,.0f}/s ({asked.records / seconds / base:.2f} of it)")
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1_000_000))
    pick = random.Random(7)
    by_subject = median_ms(lambda: call(server, "GET", f"/api/v1/records?page_size=50&since={since}&subject=customer-{pick.randrange(SUBJECTS)}"))
    by_version = median_ms(lambda: call(server, "GET", f"/api/v1/records?page_size=50&since={since}&model=loan-{pick.randrange(4)}@1"))
    print(f"search of {asked.records:,} records: by subject and time {by_subject:.1f} ms, by version and time {by_version:.1f} ms")
    return server


def measure_pack(server, folder, events):
    for n in range(events):
        call(server, "PUT", "/api/v1/assets/model/loan-0/aliases/live" if n % 2 else "/api/v1/assets/model/loan-0/aliases/next",
             {"version": 1, "reason": f"event {n}"})
    command = [binary(), "pack", "model/loan-0@1", "--output", folder / "pack.zip"]
    began = time.perf_counter()
    done = subprocess.run(command, env=os.environ | {"REGESTA_URL": server.url, "HOME": str(folder)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    print(f"pack of a version with {events:,} events: {time.perf_counter() - began:.2f} s, {(folder / 'pack.zip').stat().st_size:,} bytes")


def measure_evaluation(server, folder, rows):
    import numpy
    import pandas
    from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_score, recall_score

    chance = numpy.random.default_rng(7)
    truth = pandas.DataFrame({"id": numpy.arange(rows), "approve": chance.integers(0, 2, rows), "group": chance.choice(["a", "b", "c"], rows)})
    said = pandas.DataFrame({"id": truth["id"], "prediction": numpy.where(chance.random(rows) < 0.8, truth["approve"], 1 - truth["approve"])})
    digests = []
    for name, frame in (("truth", truth), ("said", said)):
        frame.to_csv(folder / f"{name}.csv", index=False)
        digests.append(call(server, "PUT", "/api/v1/blobs", (folder / f"{name}.csv").read_bytes())["digest"])
    call(server, "POST", "/api/v1/assets", {"kind": "dataset", "name": "holdout"})
    call(server, "POST", "/api/v1/assets/dataset/holdout/versions", {"files": [{"path": "truth.csv", "digest": digests[0]}]})

    def ours():
        call(server, "POST", "/api/v1/evidence/evaluate", {
            "model": {"name": "loan-0", "version": 1}, "dataset": {"name": "holdout", "version": 1}, "predictions": {"digest": digests[1]},
            "label": "approve", "groups": ["group"], "join": "id"})

    def theirs():
        joined = pandas.read_csv(folder / "truth.csv").merge(pandas.read_csv(folder / "said.csv"), on="id")
        for _, part in [("", joined), *joined.groupby("group")]:
            right, guess = part["approve"], part["prediction"]
            for score in (accuracy_score, precision_score, recall_score, f1_score, confusion_matrix):
                score(right, guess)

    times = [[], []]
    for _ in range(3):
        for took, act in zip(times, (ours, theirs)):
            began = time.perf_counter()
            act()
            took.append(time.perf_counter() - began)
    mine, peer = map(statistics.median, times)
    print(f"evaluation of {rows:,} rows in three groups: {mine:.2f} s; scikit-learn and pandas {peer:.2f} s ({peer / mine:.1f} times as long)")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--records", type=int, default=1_000_000)
    options.add_argument("--events", type=int, default=1_000)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--postgres", action="store_true", help="keep them in a PostgreSQL that is started for this")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if asked.postgres:
            folder.chmod(0o755)  # as root the cluster runs as another user, who must get through
            asked.url = subprocess.run([ROOT / "tools/postgres", "start", folder / "pg"], check=True, capture_output=True, text=True).stdout.strip()
        server = measure_records(folder, asked)
        try:
            measure_pack(server, folder, asked.events)
            measure_evaluation(server, folder, asked.rows)
        finally:
            server.stop()
            if asked.postgres:
                subprocess.run([ROOT / "tools/postgres", "drop", folder / "pg"], check=True)


if __name__ == "__main__":
    main()
