"""Several servers on one PostgreSQL and one bucket; moving to a bucket; backup, doctor and the local cache."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import tempfile
import urllib.error
import urllib.request

import pytest

from conftest import CREDENTIALS
from regesta_server import ROOT, Server, binary
from stores import BUCKET, s3_client

DAYS = 30 * 86_400_000
# Makes everything that is stored older than any grace period.
TRAVEL = ["UPDATE blob_object SET touched_at = touched_at - {0}, condemned_at = CASE condemned_at WHEN 0 THEN 0 ELSE condemned_at - {0} END",
          "UPDATE blob_pack SET created_at = created_at - {0}, condemned_at = CASE condemned_at WHEN 0 THEN 0 ELSE condemned_at - {0} END",
          "DELETE FROM blob_upload"]
TRAVEL = [statement.format(DAYS) for statement in TRAVEL]


def noise(size, seed):
    return random.Random(seed).randbytes(size)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def database():
    folder = tempfile.mkdtemp(prefix="regesta-pg-")  # root lends the work to the user postgres, who must get there
    tool = ROOT / "tools" / "postgres"
    url = subprocess.run([tool, "start", folder, "--fast"], capture_output=True, text=True, check=True).stdout.strip()
    yield url
    subprocess.run([tool, "drop", folder], check=True, capture_output=True)


def psql(url, *statements):
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", url, *[part for one in statements for part in ("-c", one)]], check=True,
                   capture_output=True)


@pytest.fixture
def pair(nodes, store, database, tmp_path):
    key = str(tmp_path / "ledger.key")
    first = nodes(store.url, prefix="pair", db=database, ledger_key=key)
    return first, nodes(store.url, prefix="pair", db=database, ledger_key=key)


def test_two_servers_share_what_they_store_and_collect(pair, store, database):
    first, second = pair
    kept = [noise(n * 40_000 + 10, n) for n in range(1, 8)]
    for n, content in enumerate(kept):
        # What one stores the other serves at once.
        here, there = (first, second) if n % 2 else (second, first)
        assert there.download(here.upload(content)) == content
    first.call("POST", "/api/v1/assets", {"kind": "dataset", "name": "kept"})
    second.call("POST", "/api/v1/assets/dataset/kept/versions", {"files": [{"path": f"{n}.bin", "digest": sha256(c)} for n, c in enumerate(kept)]})
    unused = [noise(n * 40_000, 100 + n) for n in range(1, 8)]
    for content in unused:
        first.upload(content)

    def collect(node):
        for _ in range(100):
            code, report, said = node.command("blob", "gc")
            if code == 0:
                return report["removed"]
            # One at a time: a lease in the database says so.
            assert "collected or rewritten by another call" in node.log(), (report, said)
        raise AssertionError("the lease was never free")

    # Both collect while both store what is about to be removed.
    psql(database, *TRAVEL)
    assert collect(first) == []  # marked only
    psql(database, *TRAVEL)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        collections = [pool.submit(collect, node) for node in pair * 2]
        uploads = [pool.submit(upload_again, node, content) for content in unused[:4] for node in pair]
        assert all(upload.result() for upload in uploads)
        for done in collections:
            done.result()
    for content in kept + unused[:4]:
        assert first.download(sha256(content)) == content and second.download(sha256(content)) == content
    # What stays unused goes, from the bucket as well, once.
    for _ in range(4):
        psql(database, *TRAVEL)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(collect, pair))
    for content in unused:
        with pytest.raises(urllib.error.HTTPError):
            second.download(sha256(content))
    stored = sum(path.stat().st_size for path in store.packs("pair"))
    assert stored < sum(map(len, kept)) * 1.1
    for node in pair:
        assert node.command("blob", "scrub")[0] == 0
        for content in kept:
            assert node.download(sha256(content)) == content


def upload_again(node, content):
    """503 asks for another try: the content that it shares was removed meanwhile."""
    for _ in range(10):
        try:
            return node.upload(content) == sha256(content)
        except urllib.error.HTTPError as refused:
            assert refused.code == 503
    return False


def test_what_an_upload_left_behind_is_collected(nodes, store):
    node = nodes(store.url)
    node.upload(noise(100_000, 20))
    pack = store.packs(node.prefix)[0]
    name = "ab" + "0" * 30
    s3_client(store.url).put_object(Bucket=BUCKET, Key=f"{node.prefix}/packs/ab/{name}.pack", Body=pack.read_bytes())
    s3_client(store.url).put_object(Bucket=BUCKET, Key=f"{node.prefix}/packs/ab/notes.txt", Body=b"not ours")
    stray = pack.parent.parent / "ab" / f"{name}.pack"
    assert node.command("blob", "gc")[0] == 0 and stray.exists()  # it may be an upload that is under way
    os.utime(stray, (1_600_000_000, 1_600_000_000))
    assert node.command("blob", "gc")[0] == 0
    assert not stray.exists() and pack.exists() and (stray.parent / "notes.txt").exists()


def test_small_packs_are_merged(nodes, store):
    node = nodes(store.url)
    digests = [node.upload(noise(1000, 200 + n)) for n in range(40)]
    assert len(store.packs(node.prefix)) == 40
    assert node.command("blob", "repack")[0] == 0
    assert [node.download(digest) for digest in digests] == [noise(1000, 200 + n) for n in range(40)]
    with sqlite3.connect(pathlib.Path(node.data) / "regesta.db") as database:
        assert database.execute("SELECT count(*) FROM blob_pack WHERE condemned_at = 0").fetchone() == (1,)


def test_a_store_on_disk_moves_to_a_bucket(nodes, store, tmp_path):
    data = tmp_path / "moved"
    before = Server(data).start()
    content = noise(500_000, 30)
    digest = upload_to(before, content)
    before.stop()
    target = store.folder / BUCKET / "moved"
    shutil.copytree(data / "blobs" / "packs", target / "packs")
    shutil.copy(data / "blobs" / "place", target / "place")
    node = nodes(store.url, prefix="moved", data=data)
    assert node.ready()[0] == 200
    assert node.download(digest) == content


def upload_to(server, content):
    request = urllib.request.Request(server.url + "/api/v1/blobs", content, method="PUT")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())["digest"]


def run(node, *words):
    settings = node.options
    environment = os.environ | CREDENTIALS | {f"REGESTA_{name[2:].upper().replace('-', '_')}": value for name, value in zip(settings[::2], settings[1::2])}
    return subprocess.run([binary(), *words], env=environment, capture_output=True, text=True)


def test_a_backup_says_what_it_lacks(nodes, store, tmp_path):
    node = nodes(store.url)
    content = noise(300_000, 40)
    digest = node.upload(content)
    made = run(node, "backup", str(tmp_path / "copy"), "--data", node.data)
    assert made.returncode == 0 and f"are in s3://{BUCKET}/{node.prefix}: they are not copied" in made.stdout
    assert not list((tmp_path / "copy").rglob("*.pack"))
    node.stop()
    restored = run(node, "restore", str(tmp_path / "copy"), "--data", str(tmp_path / "restored"))
    assert restored.returncode == 0 and f"are in s3://{BUCKET}/{node.prefix}" in restored.stdout
    assert nodes(store.url, prefix=node.prefix, data=tmp_path / "restored").download(digest) == content


def test_doctor_examines_the_bucket(nodes, store):
    node = nodes(store.url)
    node.upload(noise(100_000, 50))
    node.stop()
    good = run(node, "doctor", "--data", node.data)
    assert f"s3://{BUCKET}/{node.prefix} responds" in good.stdout, good.stdout
    node.options[node.options.index("--blobs") + 1] = f"s3://{BUCKET}/{node.prefix}-other"
    other = run(node, "doctor", "--data", node.data)
    assert other.returncode != 0 and "stored in the content store" in other.stdout, other.stdout
    node.options[node.options.index("--blobs") + 1] = "s3://no-such-bucket"
    absent = run(node, "doctor", "--data", node.data)
    assert absent.returncode != 0 and "create it" in absent.stdout, absent.stdout


def cached(node):
    return [path for path in pathlib.Path(node.data, "blob-cache").rglob("*") if path.is_file()]


def test_the_cache_serves_and_is_bounded(nodes, proxy):
    node = nodes(proxy.url, blobs_cache_bytes=4 * 1024 * 1024)
    contents = [noise(3_000_000, 60), noise(3_000_000, 61)]
    digests = [node.upload(content) for content in contents]
    assert node.download(digests[0]) == contents[0]
    node.restart()
    proxy.requests.clear()
    assert node.download(digests[0]) == contents[0]
    assert [path for method, path in proxy.requests if "/packs/" in path and method == "GET" and "list-type" not in path] == []
    assert node.download(digests[1]) == contents[1]
    assert 0 < sum(path.stat().st_size for path in cached(node)) <= 4 * 1024 * 1024


def test_a_damaged_cache_is_read_past(nodes, store):
    node = nodes(store.url)
    content = noise(2_500_000, 70)
    digest = node.upload(content)
    assert node.download(digest) == content
    for number, path in enumerate(cached(node)):
        damaged = bytearray(path.read_bytes())
        if number % 2:
            damaged[len(damaged) // 2] ^= 1
        else:
            del damaged[-100:]
        path.write_bytes(damaged)
    assert node.download(digest) == content
    node.restart()
    assert node.download(digest) == content
    with sqlite3.connect(pathlib.Path(node.data) / "regesta.db") as database:
        assert database.execute("SELECT count(*) FROM blob_pack WHERE damaged_at <> 0").fetchone() == (0,)


def test_scrub_looks_at_the_bucket_and_not_at_the_cache(nodes, store):
    node = nodes(store.url)
    content = noise(700_000, 80)
    digest = node.upload(content)
    assert node.download(digest) == content and cached(node)
    pack = store.packs(node.prefix)[0]
    damaged = bytearray(pack.read_bytes())
    damaged[350_000] ^= 1
    s3_client(store.url).put_object(Bucket=BUCKET, Key=f"{node.prefix}/packs/{pack.parent.name}/{pack.name}", Body=bytes(damaged))
    assert node.command("blob", "scrub")[0] == 5


def test_no_cache_leaves_no_files(nodes, store):
    node = nodes(store.url)
    digest = node.upload(noise(100_000, 90))
    node.download(digest)
    assert cached(node)
    node.stop()
    again = nodes(store.url, prefix=node.prefix, data=node.data, blobs_cache_bytes=0)
    assert len(again.download(digest)) == 100_000
    assert cached(again) == []
