#!/usr/bin/env python3
"""The content store beside its peers in one run, on this machine:

    ingest    upload of a large file, beside chunking + BLAKE3 + SHA-256 of it in memory
    download  of the same file, beside nginx
    small     many small files pushed and pulled: DVC beside its own local remote, MLflow's client beside MLflow's server
    dedup     a model and ten variants of it (fine-tuned, quantised, cast), beside git-lfs, DVC, MLflow and hf_xet
    memory    peak of the server over all that, and with one object of --large-gib
    upkeep    garbage collection and scrub of many files

    tools/bench blob, or .venv/bin/python bench/blob_bench.py [--only NAME] [--mib 1024] [--files 100000] [--large-gib 20] [--objects 1000000]

Times are medians of --rounds, taken in turns. REGESTA_PRESET chooses the build (release).
"""

import argparse
import concurrent.futures
import hashlib
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from blob_models import make_variants
from http_bench import start_nginx

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / os.environ.get("REGESTA_PRESET", "release")
BIN = pathlib.Path(sys.executable).parent
ENVIRONMENT = os.environ | {"DO_NOT_TRACK": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "DVC_NO_ANALYTICS": "1", "GIT_CONFIG_NOSYSTEM": "1",
                            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org"}
BLOCK = 1 << 20


def run(*words, cwd=None, **environment):
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=ENVIRONMENT | environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def timed(action):
    began = time.monotonic()
    action()
    return time.monotonic() - began


def size_of(folder):
    return sum(path.stat().st_size for path in pathlib.Path(folder).rglob("*") if path.is_file())


class Server:
    def __init__(self, folder):
        self.data = folder / "data"
        self.process = subprocess.Popen([BUILD / "regesta", "serve", "--data", self.data, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.url = re.search(r"http://\S+", self.process.stdout.readline())[0].rstrip("/")
        self.port = int(self.url.rsplit(":", 1)[1])

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3600)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {content[:300]}")
        return content

    def peak(self):
        """MiB."""
        return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]) / 1024

    def stored(self):
        """Bytes of packs."""
        return size_of(self.data / "blobs" / "packs")

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def make_random(path, mib, seed):
    with open(path, "wb") as file:
        for i in range(mib):
            file.write(random.Random(seed * 1_000_003 + i).randbytes(BLOCK))


def ingest(server, folder, options):
    ours, theirs = [], []
    for i in range(options.rounds):
        file = folder / "large.bin"
        make_random(file, options.mib, i)
        theirs.append(float(run(BUILD / "bench/blob_hash", "speed", file)))
        took = timed(lambda file=file: run("curl", "-sSf", "-T", file, f"{server.url}/api/v1/blobs", "-o", os.devnull))
        ours.append(options.mib * BLOCK / took)
    print(f"ingest    {statistics.median(ours) / 1e6:7.0f} MB/s, in memory {statistics.median(theirs) / 1e6:7.0f} MB/s, "
          f"ratio {statistics.median(ours) / statistics.median(theirs):.2f} (goal 0.9)")


def download(server, folder, options):
    site = folder / "site"
    site.mkdir()
    make_random(site / "large.bin", options.mib, 77)
    with open(site / "large.bin", "rb") as file:
        digest = json.loads(server.ask("PUT", "/api/v1/blobs", file))["digest"]
    nginx, port = start_nginx(site, {"on": False, "log": False})
    ours, theirs = [], []
    try:
        for _ in range(options.rounds):
            for url, times in ((f"{server.url}/api/v1/blobs/{digest}", ours), (f"http://127.0.0.1:{port}/large.bin", theirs)):
                times.append(timed(lambda url=url: run("curl", "-sSf", url, "-o", os.devnull)))
    finally:
        nginx.terminate()
        nginx.wait()
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    print(f"download  {options.mib * BLOCK / ours / 1e6:7.0f} MB/s, nginx {options.mib * BLOCK / theirs / 1e6:7.0f} MB/s, ratio {theirs / ours:.2f} (goal 0.9)")


def make_small_files(folder, count):
    for i in range(count):
        path = folder / f"{i // 1000:03d}" / f"{i}.txt"
        if i % 1000 == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(random.Random(i).randbytes(500 + i % 3000))


def dvc_times(repository, remote, url):
    """Seconds of a push to the remote and of a pull into an empty cache."""
    run(BIN / "dvc", "remote", "add", "-f", remote, url, cwd=repository)
    push = timed(lambda: run(BIN / "dvc", "push", "-q", "-r", remote, cwd=repository))
    for leftover in (repository / ".dvc" / "cache", repository / "data", repository / ".dvc" / "tmp"):
        shutil.rmtree(leftover, ignore_errors=True)
    pull = timed(lambda: run(BIN / "dvc", "pull", "-q", "-r", remote, cwd=repository))
    return push, pull


MLFLOW_CLIENT = """
import sys, time, mlflow
mlflow.set_tracking_uri(sys.argv[1])
with mlflow.start_run() as run:
    began = time.monotonic()
    mlflow.log_artifacts(sys.argv[2], "data")
    pushed = time.monotonic()
mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="data", dst_path=sys.argv[3])
print(pushed - began, time.monotonic() - pushed)
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class MlflowServer:
    def __init__(self, folder):
        folder.mkdir()
        self.artifacts, port = folder / "artifacts", free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen([BIN / "mlflow", "server", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", self.artifacts,
                                         "--port", str(port), "--workers", "2"], env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        start_new_session=True)
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.2)
        raise SystemExit("MLflow's server did not start")

    def stop(self):
        os.killpg(self.process.pid, 15)
        self.process.wait(60)


def mlflow_times(url, source, target):
    target.mkdir()
    push, pull = run(BIN / "python", "-c", MLFLOW_CLIENT, url, source, target).split()[-2:]
    return float(push), float(pull)


def show(name, ours, theirs, peer):
    print(f"small     {name:12} push {ours[0]:7.1f} s, {peer} {theirs[0]:7.1f} s, {theirs[0] / ours[0]:5.2f} ×; "
          f"pull {ours[1]:7.1f} s, {peer} {theirs[1]:7.1f} s, {theirs[1] / ours[1]:5.2f} × (goal 5 ×)")


def small(server, folder, options):
    repository = folder / "repository"
    make_small_files(repository / "data", options.files)
    run("git", "init", "-q", cwd=repository)
    run(BIN / "dvc", "init", "-q", cwd=repository)
    run(BIN / "dvc", "add", "-q", "data", cwd=repository)
    theirs = dvc_times(repository, "local", folder / "dvc-remote")
    ours = dvc_times(repository, "regesta", f"{server.url}/dvc/default")
    show(f"DVC, {options.files}", ours, theirs, "local remote")
    files = min(options.files, options.mlflow_files)
    source = folder / "artifacts"
    make_small_files(source, files)
    peer = MlflowServer(folder / "mlflow")
    try:
        theirs = mlflow_times(peer.url, source, folder / "theirs")
    finally:
        peer.stop()
    show(f"MLflow, {files}", mlflow_times(server.url, source, folder / "ours"), theirs, "MLflow")


def git_lfs_size(folder, files):
    """Bytes in the store of a git-lfs remote."""
    remote, clone = folder / "lfs.git", folder / "lfs"
    run("git", "init", "-q", "--bare", remote)
    run("git", "init", "-q", clone)
    run("git", "lfs", "install", "--local", cwd=clone)
    run("git", "lfs", "track", "*.safetensors", cwd=clone)
    for file in files:
        shutil.copy(file, clone / file.name)
    run("git", "add", "-A", cwd=clone)
    run("git", "commit", "-q", "-m", "models", cwd=clone)
    run("git", "remote", "add", "origin", f"file://{remote}", cwd=clone)
    run("git", "push", "-q", "origin", "HEAD:main", cwd=clone)
    return size_of(remote / "lfs")


def dvc_size(folder, files):
    repository = folder / "dvc-models"
    (repository / "models").mkdir(parents=True)
    for file in files:
        shutil.copy(file, repository / "models" / file.name)
    run("git", "init", "-q", cwd=repository)
    run(BIN / "dvc", "init", "-q", cwd=repository)
    run(BIN / "dvc", "add", "-q", "models", cwd=repository)
    run(BIN / "dvc", "remote", "add", "-d", "local", folder / "dvc-models-remote", cwd=repository)
    run(BIN / "dvc", "push", "-q", cwd=repository)
    return size_of(folder / "dvc-models-remote")


def mlflow_size(folder, models):
    peer = MlflowServer(folder / "mlflow-models")
    try:
        mlflow_times(peer.url, models, folder / "mlflow-copies")
    finally:
        peer.stop()
    return size_of(peer.artifacts)


def dedup(server, folder, options):
    models = folder / "models"
    files = make_variants(models, options.model, ROOT / "bench" / "out")
    total = sum(file.stat().st_size for file in files)
    before = server.stored()
    for file in files:
        run("curl", "-sSf", "-T", file, f"{server.url}/api/v1/blobs", "-o", os.devnull)
    ours = server.stored() - before
    _, chunks = map(int, run(BUILD / "bench/blob_hash", "chunks", *files).split())
    sizes = {"git-lfs": git_lfs_size(folder, files), "DVC": dvc_size(folder, files), "MLflow": mlflow_size(folder, models)}
    print(f"dedup     {len(files)} files, {total / 1e6:.0f} MB: {ours / 1e6:.0f} MB stored, {total / ours:.2f} ×; "
          + "; ".join(f"{name} {size / 1e6:.0f} MB, {size / ours:.2f} × ours" for name, size in sizes.items()))
    import hf_xet

    theirs = [item.hash for item in hf_xet.hash_files([str(file) for file in files])]
    same = sum(our == their for our, their in zip(run(BUILD / "bench/blob_hash", "xet", *files).split(), theirs, strict=True))
    print(f"dedup     hf_xet has the same chunks in {same} of {len(files)} files (Xet hash), {chunks / 1e6:.0f} MB that differ, before compression")


def memory(server, folder, options):
    print(f"memory    {server.peak():.0f} MiB at most so far (goal 300)")
    fresh = Server(folder / "fresh")
    try:
        def pieces():
            for i in range(int(options.large_gib * 1024)):
                yield random.Random(i).randbytes(BLOCK) if i % 8 == 0 else bytes(BLOCK)

        connection = http.client.HTTPConnection("127.0.0.1", fresh.port, timeout=36000)
        connection.request("PUT", "/api/v1/blobs", pieces(), {"Content-Length": str(int(options.large_gib * 1024) * BLOCK)})
        digest = json.loads(connection.getresponse().read())["digest"]
        run("curl", "-sSf", f"{fresh.url}/api/v1/blobs/{digest}", "-o", os.devnull)
        print(f"memory    {fresh.peak():.0f} MiB at most with an object of {options.large_gib} GiB (goal 300)")
    finally:
        fresh.stop()


def upkeep(server, folder, options):
    fresh = Server(folder / "upkeep")
    try:
        def fill(worker):
            connection = http.client.HTTPConnection("127.0.0.1", fresh.port, timeout=600)
            for i in range(worker, options.objects, 32):
                content = random.Random(i).randbytes(200)
                connection.request("PUT", f"/lfs/default/objects/{hashlib.sha256(content).hexdigest()}", content)
                connection.getresponse().read()

        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            filled = timed(lambda: list(pool.map(fill, range(32))))
        words = {"gc --dry-run": ["gc", "--dry-run"], "gc": ["gc"], "repack": ["repack"], "scrub": ["scrub", "--bytes-per-second", str(10**10)]}
        took = {name: timed(lambda command=command: run(BUILD / "regesta", "blob", *command, REGESTA_URL=fresh.url)) for name, command in words.items()}
        print(f"upkeep    {options.objects} files stored in {filled:.0f} s; " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items())
              + f"; {fresh.peak():.0f} MiB at most")
    finally:
        fresh.stop()


PARTS = {"ingest": ingest, "download": download, "small": small, "dedup": dedup, "memory": memory, "upkeep": upkeep}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--only", choices=PARTS, action="append")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--mib", type=int, default=1024)
    arguments.add_argument("--files", type=int, default=100_000)
    arguments.add_argument("--mlflow-files", type=int, default=10_000, help="at most so many with MLflow, whose own server needs minutes for them")
    arguments.add_argument("--large-gib", type=float, default=20)
    arguments.add_argument("--objects", type=int, default=1_000_000)
    arguments.add_argument("--model", type=pathlib.Path, help="a safetensors file instead of the one from PyPI")
    options = arguments.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="regesta-blob-bench-"))
    server = Server(folder / "server")
    try:
        for name in options.only or PARTS:
            part = folder / name
            part.mkdir()
            PARTS[name](server, part, options)
            sys.stdout.flush()
            shutil.rmtree(part, ignore_errors=True)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
