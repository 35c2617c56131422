"""`regesta blob …` against a server: damage is found and named, whole files are converted, the index is rebuilt."""
import hashlib
import http.client
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from regesta_server import Server, binary


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path / "data").start()
    yield server
    server.stop()


def call(server, method, path, body=None):
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    request = urllib.request.Request(server.url + path, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"{}")


def upload(server, content):
    return call(server, "PUT", "/api/v1/blobs", content)["digest"]


def download(server, digest):
    with urllib.request.urlopen(f"{server.url}/api/v1/blobs/{digest}", timeout=60) as answer:
        return answer.read()


def command(server, *words):
    ran = subprocess.run([binary(), "blob", *words, "--json"], env=os.environ | {"REGESTA_URL": server.url}, capture_output=True, text=True)
    return ran.returncode, json.loads(ran.stdout or "{}")


def packs(server):
    return sorted(pathlib.Path(server.data).glob("blobs/packs/*/*.pack"), key=lambda path: path.stat().st_size)


def test_damage_is_found_named_and_mended(server):
    content = random.Random(1).randbytes(700_000)
    digest = upload(server, content)
    call(server, "POST", "/api/v1/assets", {"kind": "dataset", "name": "loans"})
    call(server, "POST", "/api/v1/assets/dataset/loans/versions", {"files": [{"path": "a.csv", "digest": digest}]})
    assert command(server, "scrub")[0] == 0
    pack = packs(server)[-1]
    damaged = bytearray(pack.read_bytes())
    damaged[350_000] ^= 1
    pack.write_bytes(damaged)
    code, report = command(server, "scrub")
    assert code == 5
    assert report["damaged"][0]["blobs"] == [{"digest": digest, "versions": ["default: dataset/loans@1 a.csv"]}]
    try:
        served = download(server, digest)
    except Exception:
        served = None
    assert served != bytes(content) and (served is None or content.startswith(served))
    assert upload(server, content) == digest
    assert download(server, digest) == content


def test_a_flipped_bit_anywhere_is_found_and_named(server):
    chance, contents = random.Random(7), {}
    for _ in range(24):
        content = chance.randbytes(chance.choice([40, 3_000, 200_000]))
        before = set(packs(server))
        digest = upload(server, content)
        (pack,) = set(packs(server)) - before
        contents[pack.stem] = (digest, content)
        damaged = bytearray(pack.read_bytes())
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        pack.write_bytes(damaged)
    code, report = command(server, "scrub")
    assert code == 5
    assert {damage["pack"] for damage in report["damaged"]} == set(contents)
    for digest, content in contents.values():
        try:
            assert download(server, digest) == content  # a flip where no byte of the content is
        except (urllib.error.HTTPError, http.client.IncompleteRead):
            pass


def test_whole_files_of_an_earlier_version_are_served_and_converted(server):
    content = random.Random(2).randbytes(300_000)
    digest = upload(server, content)
    server.stop()
    data = pathlib.Path(server.data)
    with sqlite3.connect(data / "regesta.db") as database:
        for table in ("blob_use", "blob_hook", "blob_object", "blob_pack"):
            database.execute(f"DELETE FROM {table}")
    shutil.rmtree(data / "blobs")
    whole = data / "blobs" / digest[:2] / digest[2:]
    whole.parent.mkdir(parents=True)
    whole.write_bytes(content)
    server.start()
    assert download(server, digest) == content
    code, report = command(server, "repack")
    assert code == 0 and report["files"] == 1 and report["bytes"] == len(content)
    assert not whole.exists()
    assert download(server, digest) == content
    assert command(server, "repack")[1]["files"] == 0


def test_the_index_is_rebuilt_from_the_packs(server):
    contents = [random.Random(i).randbytes(i * 60_000) for i in range(1, 6)]
    digests = [upload(server, content) for content in contents]
    server.stop()
    with sqlite3.connect(pathlib.Path(server.data) / "regesta.db") as database:
        for table in ("blob_use", "blob_hook", "blob_object", "blob_pack"):
            database.execute(f"DELETE FROM {table}")
    server.start()
    with pytest.raises(urllib.error.HTTPError):
        download(server, digests[0])
    code, report = command(server, "reindex")
    assert code == 0 and report["new_blobs"] == 5
    assert [download(server, digest) for digest in digests] == contents


def test_garbage_is_reported_and_kept_within_the_grace_period(server):
    digest = upload(server, b"unused so far")
    code, report = command(server, "gc", "--dry-run")
    assert code == 0 and report["looked"] == 1 and report["kept"] == 1
    assert command(server, "gc", "--grace-hours", "1")[0] == 0
    assert download(server, digest) == b"unused so far" and hashlib.sha256(b"unused so far").hexdigest() == digest


def test_a_backup_holds_the_packs(server, tmp_path):
    content = random.Random(3).randbytes(200_000)
    digest = upload(server, content)
    copy, restored = tmp_path / "copy", tmp_path / "restored"
    subprocess.run([binary(), "backup", copy, "--data", server.data], check=True, capture_output=True)
    subprocess.run([binary(), "restore", copy, "--data", restored], check=True, capture_output=True)
    second = Server(restored).start()
    try:
        assert download(second, digest) == content
    finally:
        second.stop()
