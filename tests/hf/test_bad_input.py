"""Commits that are wrong: refused with a reason, and nothing of them is left."""

import base64
import hashlib
import json
import os
import threading
import time

import pytest

from conftest import Hub
from regesta_server import Server


def line(key, **value):
    return json.dumps({"key": key, "value": value}) + "\n"


HEADER = line("header", summary="x", description="")


def file(path, content=b"x"):
    return line("file", path=path, content=base64.b64encode(content).decode(), encoding="base64")


def commit(hub, repo, *lines):
    return hub.raw("POST", f"/api/models/{repo}/commit/main", data="".join(lines).encode(), headers={"Content-Type": "application/x-ndjson"})


BAD_PATHS = ["../up", "a/../../b", "/etc/passwd", "a//b", "./a", "a/", "", ".", "..", "a\\b", "C:/x", "a\nb", "a\x00b", "%2e%2e/x", "a/%2e%2e/%2e%2e/b",
             "file:x", "a\u202eb", "a\u200bb", "x" * 4096, "\ud800"]


@pytest.mark.parametrize("path", BAD_PATHS, ids=lambda path: ascii(path)[:20])
def test_paths(hub, repo, path):
    answer = commit(hub, repo, HEADER, file("good.txt"), file(path))
    assert answer.status_code == 400 and answer.json()["error"], answer.text
    assert "line 3" in answer.text or "JSON" in answer.text or "UTF-8" in answer.text
    assert hub.files(repo) == []


@pytest.mark.parametrize("lines, said", [
    ([HEADER, file("a"), file("a/b")], "is a folder"),
    ([HEADER, file("a/b"), file("a")], "is a file, not a folder"),
    ([file("a")], "header"),
    ([HEADER, "not json\n"], "line 2"),
    ([HEADER, "[]\n"], "line 2"),
    ([HEADER, line("file", path="a", content="***", encoding="base64")], "base64"),
    ([HEADER, line("file", path="a")], "content"),
    ([HEADER, line("symlink", path="a")], "not supported"),
    ([HEADER, line("lfsFile", path="a", algo="sha256", oid="0" * 64, size=1)], "was not uploaded"),
    ([HEADER, line("lfsFile", path="a", algo="sha256", oid="../../x", size=1)], "SHA-256"),
    ([HEADER, line("lfsFile", path="a", algo="md5", oid="0" * 64, size=1)], "sha256"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_lines(hub, repo, lines, said):
    answer = commit(hub, repo, *lines)
    assert answer.status_code == 400 and said in answer.text, answer.text
    assert hub.files(repo) == [] and hub.native("GET", f"/assets/model/{repo.split('/')[1]}/versions/latest").status_code == 404


def test_wrong_size_and_digest(hub, repo):
    content = os.urandom(1000)
    oid = hashlib.sha256(content).hexdigest()
    asked = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": oid, "size": 1000}]}
    link = hub.raw("POST", f"/{repo}.git/info/lfs/objects/batch", json=asked).json()["objects"][0]["actions"]["upload"]["href"]
    import requests
    wrong = requests.put(link, data=content[:-1] + b"!")
    assert wrong.status_code == 400 and "nothing was stored" in wrong.text
    missing = commit(hub, repo, HEADER, line("lfsFile", path="a", algo="sha256", oid=oid, size=1000))
    assert missing.status_code == 400
    assert requests.put(link, data=content).status_code == 200
    other = commit(hub, repo, HEADER, line("lfsFile", path="a", algo="sha256", oid=oid, size=999))
    assert other.status_code == 400 and "1000 bytes" in other.text
    assert commit(hub, repo, HEADER, line("lfsFile", path="a", algo="sha256", oid=oid, size=1000)).status_code == 200


def test_downloads(hub, repo):
    hub.put(repo, "a b/ü.txt", b"0123456789")
    path = f"/{repo}/resolve/main/a%20b/%C3%BC.txt"
    part = hub.raw("GET", path, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content, part.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    whole = hub.raw("HEAD", path)
    assert whole.headers["Content-Length"] == "10" and whole.headers["X-Linked-Size"] == "10" and whole.headers["ETag"] == whole.headers["X-Linked-Etag"]
    assert hub.raw("GET", path, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    assert hub.raw("GET", path, headers={"Range": "bytes=99-"}).status_code == 416
    gone = hub.raw("HEAD", f"/{repo}/resolve/main/nothing")
    assert (gone.status_code, gone.headers["X-Error-Code"]) == (404, "EntryNotFound") and len(gone.headers["X-Repo-Commit"]) == 40
    gone = hub.raw("HEAD", f"/{repo}/resolve/{'0' * 40}/nothing")
    assert (gone.status_code, gone.headers["X-Error-Code"]) == (404, "RevisionNotFound")
    for bad in ("..%2f..%2fetc", "%2e%2e/x"):
        assert hub.raw("GET", f"/{repo}/resolve/main/{bad}").status_code in (400, 404)


def test_spaces_are_refused(hub):
    for method, path in (("GET", "/api/spaces/default/x"), ("GET", "/api/spaces"), ("GET", "/api/kernels/default/x")):
        answer = hub.raw(method, path)
        assert answer.status_code == 400 and "not supported" in answer.json()["error"]


def test_kill_in_the_middle_of_commits(tmp_path):
    """What was acknowledged is there after a SIGKILL; what was not is there whole or not at all."""
    server = Server(tmp_path / "data").start()
    hub = Hub(server)
    hub.api.create_repo("default/m")
    acknowledged, done = [], threading.Event()

    def commits():
        for i in range(10_000):
            try:
                answer = commit(hub, "default/m", HEADER, file(f"{i}/a.txt", b"%d" % i), file(f"{i}/b.txt", b"%d" % i))
            except OSError:
                break
            if answer.status_code == 200:
                acknowledged.append(i)
        done.set()

    thread = threading.Thread(target=commits)
    thread.start()
    deadline = time.monotonic() + 30
    while len(acknowledged) < 10 and time.monotonic() < deadline:
        time.sleep(0.01)
    server.kill()
    thread.join(60)
    assert done.is_set() and len(acknowledged) >= 10
    server.start()
    try:
        hub = Hub(server)
        names = hub.files("default/m")
        folders = {name.split("/")[0] for name in names}
        assert {str(i) for i in acknowledged} <= folders and len(folders) - len(acknowledged) <= 1
        assert names == sorted(f"{folder}/{name}" for folder in folders for name in ("a.txt", "b.txt"))
        assert hub.api.list_repo_commits("default/m")[0].commit_id == hub.api.model_info("default/m").sha
        assert commit(hub, "default/m", HEADER, file("after.txt")).status_code == 200
    finally:
        assert server.stop() == 0
