"""The unmodified hf_xet against the Xet store: upload, download, deduplication, and what other fronts stored."""

import hashlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import threading

import hf_xet
import mlflow
import pytest
import requests
from recording_proxy import RecordingProxy
from xet_client import XetClient, noise, stored_bytes


@pytest.fixture
def proxy(server):
    running = RecordingProxy(server.port)
    yield running
    running.close()


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def collect(server, times=2):
    """Garbage collection, as if the grace period was over each time."""
    for _ in range(times):
        with sqlite3.connect(f"{server.data}/regesta.db", timeout=30) as database:
            for table, column in (("blob_object", "touched_at"), ("blob_object", "condemned_at"), ("blob_pack", "created_at"), ("blob_pack", "condemned_at")):
                database.execute(f"UPDATE {table} SET {column} = {column} - 7300000 WHERE {column} > 7300000")
        requests.post(f"{server.url}/api/v1/blobs/collect", json={"grace_hours": 1}).raise_for_status()


def test_files_go_up_and_come_back(server, tmp_path):
    contents = {"large": noise(9_000_000, 1), "small": b"hello", "text": b"".join(b"row %d\n" % i for i in range(300_000))}
    infos = XetClient(server, tmp_path / "cache").upload(*(write(tmp_path, name, content) for name, content in contents.items()))
    for info, (name, content) in zip(infos, contents.items()):
        assert info["sha256"] == sha256(content)
        # Git LFS has the same file by the same name.
        assert requests.get(f"{server.url}/lfs/default/objects/{info['sha256']}").content == content
        assert XetClient(server, tmp_path / f"cache of {name}").download(info, tmp_path / f"{name}.back") == content


@pytest.mark.parametrize("variable", ["HF_XET_CLIENT_SHARD_API_VERSION", "HF_XET_CLIENT_RECONSTRUCTION_API_VERSION"])
def test_version_1_of_the_protocol(server, tmp_path, variable):
    client = XetClient(server, tmp_path / "cache")
    client.environment[variable] = "1"
    content = noise(3_000_000, 2)
    info, = client.upload(write(tmp_path, "file", content))
    assert client.download(info, tmp_path / "back") == content


def test_a_changed_file_sends_only_what_changed(server, proxy, tmp_path):
    content = noise(20_000_000, 3)
    changed = content[:9_000_000] + b"an insertion" + content[9_000_000:]
    first = XetClient(server, tmp_path / "cache", proxy.url)
    first.upload(write(tmp_path, "file", content))
    before = stored_bytes(server)

    def xorb_bytes():
        return sum(len(request.body) for request in proxy.sent("/v1/xorbs/"))

    sent = xorb_bytes()
    assert sent > 19_000_000
    info, = first.upload(write(tmp_path, "changed", changed))
    assert xorb_bytes() - sent < 400_000
    # Another machine remembers nothing: it learns from the server what is there.
    sent, again = xorb_bytes(), noise(100_000, 4) + changed
    elsewhere = XetClient(server, tmp_path / "another cache", proxy.url)
    assert XetClient(server, tmp_path / "third cache").download(info, tmp_path / "back") == changed
    elsewhere.upload(write(tmp_path, "same", changed))
    assert xorb_bytes() == sent
    info, = elsewhere.upload(write(tmp_path, "again", again))
    assert xorb_bytes() - sent < 2_000_000
    assert stored_bytes(server) - before < 1_500_000
    assert elsewhere.download(info, tmp_path / "again.back") == again


def test_what_mlflow_stored_is_downloaded(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = noise(2_000_000, 5) + bytes(1_000_000)
    # A client of its own: the fluent functions remember the experiment of an earlier test.
    tracking = mlflow.MlflowClient(server.url)
    tracking.log_artifact(tracking.create_run("0").info.run_id, str(write(tmp_path, "model.bin", content)))
    hashed, = hf_xet.hash_files([str(tmp_path / "model.bin")])
    client = XetClient(server, tmp_path / "cache", verb="read")
    assert client.download({"hash": hashed.hash, "size": len(content)}, tmp_path / "back") == content
    # And it is not sent again.
    proxy = RecordingProxy(server.port)
    XetClient(server, tmp_path / "cache 2", proxy.url).upload(tmp_path / "model.bin")
    assert not proxy.sent("/v1/xorbs/")
    proxy.close()


def test_files_survive_repacking_and_what_a_client_remembers_stays_valid(server, proxy, tmp_path):
    client = XetClient(server, tmp_path / "cache", proxy.url)
    contents = [noise(400_000, seed) for seed in range(10, 22)]
    infos = [client.upload(write(tmp_path, f"file {i}", content))[0] for i, content in enumerate(contents)]
    addresses = [range_of(server, info) for info in infos]
    moved = requests.post(f"{server.url}/api/v1/blobs/repack", json={}).json()
    assert moved["packs_replaced"] > 8
    collect(server)
    for info, content in zip(infos, contents):
        assert XetClient(server, tmp_path / f"cache {info['hash']}").download(info, tmp_path / "back") == content
    # An address from before leads nowhere, in the way that makes clients ask for a new one.
    assert {requests.get(url, headers={"Range": span}).status_code for url, span in addresses} == {403}
    sent = len(proxy.sent("/v1/xorbs/"))
    joined = b"".join(contents[:4])
    info, = client.upload(write(tmp_path, "joined", joined))
    assert sum(len(request.body) for request in proxy.sent("/v1/xorbs/")[sent:]) < 700_000
    assert client.download(info, tmp_path / "joined.back") == joined


def range_of(server, info):
    """The address of a file's first bytes, and their range."""
    plan = XetClient(server, "").request("GET", f"/v2/reconstructions/{info['hash']}").json()
    fetch = plan["xorbs"][plan["terms"][0]["hash"]][0]
    span = fetch["ranges"][0]["bytes"]
    return fetch["url"], f"bytes={span['start']}-{span['end']}"


def test_ranges_of_a_file(server, tmp_path):
    content = noise(3_000_000, 30)
    client = XetClient(server, tmp_path / "cache")
    info, = client.upload(write(tmp_path, "file", content))
    whole = client.request("GET", f"/v2/reconstructions/{info['hash']}").json()
    assert sum(term["unpacked_length"] for term in whole["terms"]) == len(content)
    part = client.request("GET", f"/v2/reconstructions/{info['hash']}", headers={"Range": "bytes=1000000-1000009"}).json()
    term, = part["terms"]
    assert term["range"]["end"] - term["range"]["start"] == 1 and part["offset_into_first_range"] < term["unpacked_length"] < 200_000
    assert client.request("GET", f"/v2/reconstructions/{info['hash']}", headers={"Range": "bytes=3000000-"}).status_code == 416
    assert client.request("HEAD", f"/v1/files/{info['hash']}").headers["Content-Length"] == "3000000"
    # Several ranges at once, as @huggingface/hub asks for them.
    url, _ = range_of(server, info)
    both = requests.get(url, headers={"Range": "bytes=0-99,200-299"})
    one, two = (requests.get(url, headers={"Range": f"bytes={span}"}) for span in ("0-99", "200-299"))
    assert both.status_code == one.status_code == 206 and one.headers["Content-Range"] == "bytes 0-99/*"
    assert both.headers["Content-Type"].startswith("multipart/byteranges")
    assert one.content in both.content and two.content in both.content and len(one.content) == len(two.content) == 100


def test_collection_between_xorb_and_shard(server, proxy, tmp_path):
    content = noise(1_000_000, 40)
    XetClient(server, tmp_path / "cache", proxy.url).upload(write(tmp_path, "file", content))
    xorb, = proxy.sent("/v1/xorbs/")
    shard, = proxy.sent("/v2/shards")
    requests.post(f"{server.url}/api/v1/workspaces", json={"name": "other"}).raise_for_status()
    other = XetClient(server, "", workspace="other")
    path = xorb.path.removeprefix("/hf/cas/default")
    assert other.request("POST", path, data=xorb.body).json() == {"was_inserted": True}
    assert other.request("POST", path, data=xorb.body).json() == {"was_inserted": False}
    collect(server, 3)
    assert other.request("POST", "/v1/shards", data=shard.body).json() == {"result": 1}
    assert other.request("POST", "/v1/shards", data=shard.body).json() == {"result": 0}
    assert requests.get(f"{server.url}/lfs/other/objects/{sha256(content)}").content == content


def test_a_killed_server_loses_nothing_that_it_acknowledged(server, tmp_path):
    content = noise(60_000_000, 50)
    path = write(tmp_path, "file", content)
    for delay in (0.3, 0.8, 1.5):
        process = XetClient(server, tmp_path / "cache").start("upload", path)
        timer = threading.Timer(delay, server.kill)
        timer.start()
        process.communicate(timeout=120)
        timer.join()
        server.start(server.port)
    info, = XetClient(server, tmp_path / "cache").upload(path)
    assert XetClient(server, tmp_path / "cache 2").download(info, tmp_path / "back") == content
    scrubbed = requests.post(f"{server.url}/api/v1/blobs/scrub", json={}).json()
    assert scrubbed["damaged"] == [], json.dumps(scrubbed)


def hub(proxy, home, *words):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    environment |= {"HF_ENDPOINT": proxy.url + "/hf", "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1",
                    "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_XET_TELEMETRY_ENABLED": "0", "DO_NOT_TRACK": "1"}
    script = pathlib.Path(__file__).resolve().parents[1] / "hub_transfer.py"
    got = subprocess.run([sys.executable, script, *map(str, words)], env=environment, capture_output=True, text=True, timeout=120)
    assert got.returncode == 0, got.stdout + got.stderr + server_answers(proxy)


def server_answers(proxy):
    return "\n".join(f"{request} {request.answer[:300]!r}" for request in proxy.requests if request.status >= 400)


def test_huggingface_hub_moves_files_with_xet(server, proxy, tmp_path):
    contents = {"a.bin": noise(3_000_000, 90), "b.bin": noise(3_000_000, 91) + noise(3_000_000, 90), "notes.txt": b"small", "c.bin": bytes(2_000_000)}
    (tmp_path / "folder").mkdir()
    for name, content in contents.items():
        write(tmp_path / "folder", name, content)
    hub(proxy, tmp_path / "home", "default/m", "upload", tmp_path / "folder")
    assert not proxy.sent("objects/batch") and proxy.sent("/v2/shards")
    # Files of one upload are cut side by side, so what they share may be sent twice; it is stored once.
    assert 6_000_000 < stored_bytes(server) < 7_000_000
    hub(proxy, tmp_path / "home 2", "default/m", "download", tmp_path / "back")
    assert proxy.sent("/v2/reconstructions/") and proxy.sent("/v1/data/")
    for name, content in (contents | {"again.bin": contents["a.bin"]}).items():
        assert (tmp_path / "back" / name).read_bytes() == content
    version = requests.get(f"{server.url}/api/v1/assets/model/m/versions/latest").json()
    assert version["description"] == "A file"
