"""Objects of any size go up and down in constant memory. REGESTA_LARGE_GIB=20 makes it a long test."""
import hashlib
import http.client
import os
import pathlib
import random
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from regesta_server import Server

BLOCK = 1 << 20
BLOCKS = int(float(os.environ.get("REGESTA_LARGE_GIB", "0.75")) * 1024)
PEAK = 300 * 1024  # kB


def pieces(seed):
    """Random and empty blocks by turns."""
    for i in range(BLOCKS):
        yield random.Random(seed * 1_000_000 + i).randbytes(BLOCK) if i % 2 == 0 else bytes(BLOCK)


def digest_of(seed, algorithm):
    whole = hashlib.new(algorithm)
    for piece in pieces(seed):
        whole.update(piece)
    return whole.hexdigest()


def peak(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path / "data").start()
    yield server
    server.stop()


@pytest.mark.parametrize("front", ["dvc", "lfs"])
def test_a_large_object_needs_little_memory(server, front):
    if front == "dvc":
        method, digest = "POST", digest_of(1, "md5")
        path = f"/dvc/default/files/md5/{digest[:2]}/{digest[2:]}"
    else:
        method, digest = "PUT", digest_of(2, "sha256")
        path = f"/lfs/default/objects/{digest}"
    seed, algorithm = (1, "md5") if front == "dvc" else (2, "sha256")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    connection.request(method, path, pieces(seed), {"Content-Length": str(BLOCKS * BLOCK)})
    answer = connection.getresponse()
    assert answer.status in (200, 201), answer.read()
    answer.read()
    connection.request("GET", path)
    answer, whole = connection.getresponse(), hashlib.new(algorithm)
    while piece := answer.read(BLOCK):
        whole.update(piece)
    assert whole.hexdigest() == digest
    assert peak(server) < PEAK, f"{peak(server) // 1024} MiB at most for an object of {BLOCKS} MiB"
