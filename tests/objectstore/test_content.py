"""Content goes to a bucket and comes back, through the native API and MLflow's client, and survives what happens to servers."""
import hashlib
import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import urllib.error

import pytest

from conftest import AZURE, CREDENTIALS
from regesta_server import binary
from stores import ACCESS, BUCKET, SECRET, Proxy, s3_client

INDEX = ("blob_use", "blob_hook", "blob_object", "blob_pack")


def noise(size, seed):
    return random.Random(seed).randbytes(size)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_content_is_in_the_bucket_and_nowhere_else(store, nodes):
    node = nodes(store.url)
    contents = [b"", b"small", noise(3_000_000, 1), noise(3_000_000, 1)[:2_000_000] + noise(500_000, 2)]
    for content in contents:
        assert node.upload(content) == sha256(content)
    assert list(pathlib.Path(node.data, "blobs").rglob("*.pack")) == []
    assert len(store.packs(node.prefix)) >= 3
    # The fourth shares all but its end with the third.
    assert sum(path.stat().st_size for path in store.packs(node.prefix)) < 4_500_000
    node.restart()
    for content in contents:
        assert node.download(sha256(content)) == content
    part = node.download(sha256(contents[2]), {"Range": "bytes=1000000-1999999"})
    assert part == contents[2][1_000_000:2_000_000]
    assert store.process.poll() is None and list(pathlib.Path(node.data, "blobs", "tmp").iterdir()) == []


def test_content_larger_than_a_pack(store, nodes):
    node = nodes(store.url)
    content = noise(70_000_000, 3)
    digest = node.upload(content)
    assert len(store.packs(node.prefix)) == 2
    assert node.download(digest) == content


def test_mlflow_stores_and_loads(store, nodes, tmp_path):
    node = nodes(store.url)
    script = """
import mlflow, pathlib, sys
mlflow.set_tracking_uri(sys.argv[1])
folder = pathlib.Path(sys.argv[2])
folder.mkdir()
(folder / "model.bin").write_bytes(bytes(range(256)) * 20000)
(folder / "notes.txt").write_text("kept in a bucket")
with mlflow.start_run() as run:
    mlflow.log_artifacts(str(folder), "model")
copy = pathlib.Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="model", dst_path=str(folder / "copy")))
assert (copy / "model.bin").read_bytes() == (folder / "model.bin").read_bytes()
assert (copy / "notes.txt").read_text() == "kept in a bucket"
"""
    subprocess.run([sys.executable, "-c", script, node.url, tmp_path / "files"], check=True, env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"})
    assert store.packs(node.prefix)


@pytest.mark.parametrize(("name", "scheme"), [("store", "s3"), ("moto", "s3"), ("azurite", "az")])
def test_conformance_of_the_content_store(request, name, scheme):
    """The unit tests of the content store, on a bucket."""
    place = {"REGESTA_TEST_BUCKET": f"{scheme}://{BUCKET}/conformance", "REGESTA_TEST_ENDPOINT": request.getfixturevalue(name).url}
    # Local faults are the same for all of them.
    wanted = "*/bucket" if name == "store" else "*/bucket:-*EveryFailingOperation*"
    ran = subprocess.run([pathlib.Path(binary()).parent / "tests" / "test_blob", f"--gtest_filter={wanted}", "--gtest_brief=1"],
                         env=os.environ | CREDENTIALS | AZURE | place, capture_output=True, text=True)
    assert ran.returncode == 0 and f"[  PASSED  ] {9 if name == 'store' else 8} tests" in ran.stdout, ran.stdout + ran.stderr


def test_azure(azurite, nodes):
    node = nodes(azurite.url, blobs=f"az://{BUCKET}/served", environment=AZURE)
    content = noise(3_000_000, 20)
    digest = node.upload(content)
    node.restart()
    assert node.download(digest) == content
    assert node.download(digest, {"Range": "bytes=2500000-"}) == content[2_500_000:]
    assert node.command("blob", "scrub")[0] == 0 and node.command("blob", "reindex")[0] == 0
    node.stop()
    with pytest.raises(RuntimeError) as failed:
        nodes(azurite.url, blobs=f"az://{BUCKET}/served", environment=AZURE | {"AZURE_STORAGE_ACCOUNT_KEY": "d3Jvbmc="})
    assert "check AZURE_STORAGE_ACCOUNT_NAME" in str(failed.value)
    with pytest.raises(RuntimeError) as failed:
        nodes(azurite.url, blobs="az://no-such-container/served", environment=AZURE)
    assert "create it" in str(failed.value)


def test_azure_says_what_arrived(azurite, nodes):
    between = Proxy(azurite.port)
    node = nodes(f"{between.url}/{azurite.ACCOUNT}", blobs=f"az://{BUCKET}/altered", environment=AZURE)
    altered = lambda answer: re.sub(rb"(?i)(content-md5: ).{8}", rb"\1AAAAAAAA", answer)
    between.fault = lambda method, path: altered if method == "PUT" else None
    content = noise(300_000, 21)
    with pytest.raises(urllib.error.HTTPError) as refused:
        node.upload(content)
    assert refused.value.code == 503 and "received other bytes" in node.log()
    between.fault = lambda method, path: None
    assert node.download(node.upload(content)) == content
    between.close()


def test_nothing_acknowledged_is_lost_when_servers_are_killed(store, nodes):
    node = nodes(store.url)
    chance, acknowledged = random.Random(7), []
    for number in range(5):
        def work(seed):
            try:
                for i in range(100):
                    content = noise(random.Random(seed * 1000 + i).choice([10, 5_000, 900_000]), seed * 1000 + i)
                    acknowledged.append((node.upload(content), len(content)))
            except (urllib.error.URLError, ConnectionError, OSError, ValueError):
                return
        threads = [threading.Thread(target=work, args=(number * 10 + t,)) for t in range(4)]
        before = len(acknowledged)
        for thread in threads:
            thread.start()
        for _ in range(1000):
            if len(acknowledged) > before + chance.randint(3, 12):
                break
            threading.Event().wait(0.01)
        node.kill()
        for thread in threads:
            thread.join()
        node.start(node.port)
        assert len(acknowledged) > before
    for digest, size in acknowledged:
        content = node.download(digest)
        assert len(content) == size and sha256(content) == digest
    code, report, _ = node.command("blob", "scrub")
    assert code == 0, report
    assert list(pathlib.Path(node.data, "blobs", "tmp").iterdir()) == []


def test_the_index_is_rebuilt_from_the_bucket_alone(store, nodes):
    node = nodes(store.url)
    contents = [noise(i * 60_000, i) for i in range(1, 6)]
    digests = [node.upload(content) for content in contents]
    node.stop()
    with sqlite3.connect(pathlib.Path(node.data) / "regesta.db") as database:
        for table in INDEX:
            database.execute(f"DELETE FROM {table}")
    shutil.rmtree(pathlib.Path(node.data) / "blobs")
    node.start()
    with pytest.raises(urllib.error.HTTPError):
        node.download(digests[0])
    code, report, _ = node.command("blob", "reindex")
    assert code == 0 and report["new_blobs"] == 5
    assert [node.download(digest) for digest in digests] == contents


def test_damage_in_the_bucket_is_found_and_mended(store, nodes):
    node = nodes(store.url, blobs_cache_bytes=0)
    content = noise(700_000, 9)
    digest = node.upload(content)
    pack = store.packs(node.prefix)[0]
    key = f"{node.prefix}/packs/{pack.parent.name}/{pack.name}"
    damaged = bytearray(pack.read_bytes())
    damaged[350_000] ^= 1
    s3_client(store.url).put_object(Bucket=BUCKET, Key=key, Body=bytes(damaged))
    code, report, _ = node.command("blob", "scrub")
    assert code == 5 and report["damaged"][0]["blobs"][0]["digest"] == digest
    assert node.upload(content) == digest
    assert node.download(digest) == content


def test_secrets_are_shown_nowhere(store, nodes):
    node = nodes(store.url)
    node.upload(noise(100_000, 10))
    settings = subprocess.run([binary(), "config", "--json"], env=os.environ | CREDENTIALS,
                              capture_output=True, text=True).stdout
    for text in (settings, node.log(), pathlib.Path(f"/proc/{node.process.pid}/cmdline").read_text(), node.call("GET", "/metrics").decode()):
        assert SECRET not in text and ACCESS not in text
