"""Pushing blobs: pieces, resuming after a lost connection or server, digests, cancelling, and two at once."""

import concurrent.futures
import http.client
import os
import time

import pytest
import requests

from conftest import EMPTY, Repository, Server, code, descriptor, manifest, sha256, sha512


def start(repository):
    answer = repository.call("POST", "blobs/uploads/")
    assert answer.status_code == 202, answer.text
    return answer.headers["Location"]


def patch(repository, location, content, first=None):
    headers = {} if first is None else {"Content-Range": f"{first}-{first + len(content) - 1}"}
    return repository.call("PATCH", location, data=content, headers=headers)


def finish(repository, location, digest, content=b"", first=None):
    headers = {} if first is None else {"Content-Range": f"{first}-{first + len(content) - 1}"}
    return repository.call("PUT", location, params={"digest": digest}, data=content, headers=headers)


@pytest.mark.parametrize("digest", [sha256, sha512])
@pytest.mark.parametrize("sizes", [(0,), (1,), (700_000,), (65536, 65536, 5), (300_000, 1_000_000)])
def test_pieces_make_a_blob(shared, digest, sizes):
    pieces = [os.urandom(size) for size in sizes]
    content = b"".join(pieces)
    for last_in_put in (False, True):
        location, at = start(shared), 0
        for piece in pieces[:-1] if last_in_put else pieces:
            answer = patch(shared, location, piece, at if piece else None)
            at += len(piece)
            assert answer.status_code == 202 and answer.headers["Range"] == f"0-{max(at - 1, 0)}", answer.text
        answer = finish(shared, location, digest(content), pieces[-1] if last_in_put else b"")
        assert answer.status_code == 201, answer.text
        assert shared.call("GET", answer.headers["Location"]).content == content
        assert shared.call("GET", location).status_code == 404
        content, pieces = content + b"again", [*pieces[:-1], pieces[-1] + b"again"]


def test_a_piece_out_of_order_changes_nothing(shared):
    content = os.urandom(200_000)
    location = start(shared)
    for first in (1, 100_000):
        answer = patch(shared, location, content[first:first + 5], first)
        assert answer.status_code == 416 and code(answer) == "BLOB_UPLOAD_INVALID", answer.text
    assert patch(shared, location, content[:100_000], 0).status_code == 202
    assert patch(shared, location, content[:100_000], 0).status_code == 416
    assert finish(shared, location, sha256(content), content[150_000:], 150_000).status_code == 416
    asked = shared.call("GET", location)
    assert asked.status_code == 204 and asked.headers["Range"] == "0-99999" and asked.headers["Location"] == location
    assert finish(shared, location, sha256(content), content[100_000:], 100_000).status_code == 201
    assert shared.blob(sha256(content)).content == content


@pytest.mark.parametrize("header", ["x", "5", "-", "5-", "-5", "9-5", "0-99999999999999999999999", "bytes 0-4/5"])
def test_a_range_that_is_none(shared, header):
    answer = shared.call("PATCH", start(shared), data=b"12345", headers={"Content-Range": header})
    assert answer.status_code == 400 and code(answer) == "BLOB_UPLOAD_INVALID", answer.text
    wrong = shared.call("PATCH", start(shared), data=b"12345", headers={"Content-Range": "0-9"})
    assert wrong.status_code == 400 and code(wrong) == "SIZE_INVALID"


@pytest.mark.parametrize("way", ["post", "put", "pieces"])
@pytest.mark.parametrize("digest", [sha256, sha512])
def test_another_digest_stores_nothing(shared, way, digest):
    content, wanted = os.urandom(100_000), digest(os.urandom(10))
    location = start(shared)
    if way == "post":
        answer = shared.call("POST", "blobs/uploads/", params={"digest": wanted}, data=content)
    elif way == "put":
        answer = finish(shared, location, wanted, content)
    else:
        for first in (0, 50_000):
            patch(shared, location, content[first:first + 50_000], first)
        answer = finish(shared, location, wanted)
        assert shared.call("GET", location).status_code == 404
    assert answer.status_code == 400 and code(answer) == "DIGEST_INVALID", answer.text
    for each in (wanted, digest(content)):
        assert shared.blob(each).status_code == 404


@pytest.mark.parametrize("digest", ["", "x", "sha256:", "sha256:" + "0" * 63, "sha256:" + "G" * 64, "SHA256:" + "0" * 64, "sha512:" + "0" * 64,
                                    "md5:" + "0" * 32, "sha256:" + "A" * 64])
def test_a_digest_that_is_none(shared, digest):
    for answer in (finish(shared, start(shared), digest, b"x"), shared.call("POST", "blobs/uploads/", params={"digest": digest}, data=b"x")):
        assert answer.status_code == 400 and code(answer) == "DIGEST_INVALID", answer.text
    assert shared.blob(digest or "x").status_code == 400


def test_a_cancelled_upload_is_gone(shared):
    location = start(shared)
    patch(shared, location, b"some")
    assert shared.call("DELETE", location).status_code == 204
    for answer in (shared.call("GET", location), patch(shared, location, b"more"), shared.call("DELETE", location), finish(shared, location, sha256(b"some"))):
        assert answer.status_code == 404 and code(answer) == "BLOB_UPLOAD_UNKNOWN", answer.text


def half(server, location, content):
    """A PATCH whose connection is lost in the middle."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest("PATCH", location)
    connection.putheader("Content-Length", str(2 * len(content)))
    connection.endheaders(content)
    connection.close()


def test_a_lost_connection_and_a_restart_lose_no_byte(tmp_path):
    server = Server(tmp_path / "data").start()
    repository = Repository(server)
    content = os.urandom(900_000)
    location = start(repository)
    assert patch(repository, location, content[:300_000]).status_code == 202
    half(server, location, content[300_000:600_000])
    for _ in range(1200):  # the server notices the end of the connection on its own
        arrived = int(repository.call("GET", location).headers["Range"].split("-")[1]) + 1
        if arrived == 600_000:
            break
        time.sleep(0.05)
    assert arrived == 600_000
    server.restart()
    assert repository.call("GET", location).headers["Range"] == "0-599999"
    assert finish(repository, location, sha256(content), content[600_000:], 600_000).status_code == 201
    assert repository.blob(sha256(content)).content == content
    assert server.stop() == 0


def test_a_killed_server_keeps_what_it_acknowledged(tmp_path):
    server = Server(tmp_path / "data").start()
    repository = Repository(server)
    content = os.urandom(400_000)
    location = start(repository)
    assert patch(repository, location, content[:200_000]).status_code == 202
    repository.push("v1", b"one")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest("PUT", f"{location}?digest={sha256(content)}")
    connection.putheader("Content-Length", "200000")
    connection.endheaders(content[200_000:300_000])
    port = server.port
    server.kill()
    server.start(port)
    assert repository.blob(sha256(content)).status_code == 404
    assert repository.get("v1").status_code == 200
    assert repository.call("GET", location).headers["Range"] == "0-199999"
    assert finish(repository, location, sha256(content), content[200_000:]).status_code == 201
    assert repository.blob(sha256(content)).content == content
    assert server.stop() == 0


def test_two_uploads_at_once(shared):
    content = os.urandom(1_500_000)

    def push(_):
        location = start(shared)
        answer = requests.patch(shared.server.url + location, data=content, timeout=60)
        assert answer.status_code == 202, answer.text
        return requests.put(shared.server.url + location, params={"digest": sha256(content)}, timeout=60).status_code

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(push, range(4))) == [201] * 4
    assert shared.blob(sha256(content)).content == content


def test_two_requests_for_one_upload(shared):
    """Both begin at 0: one of them adds its piece, the other is told to look again."""
    location = start(shared)
    contents = [os.urandom(500_000) for _ in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda content: requests.patch(shared.server.url + location, data=content, timeout=60,
                                                               headers={"Content-Range": "0-499999"}), contents))
    taken = [n for n, answer in enumerate(answers) if answer.status_code == 202]
    assert len(taken) == 1 and {answer.status_code for answer in answers} <= {202, 409, 416}, answers
    assert finish(shared, location, sha256(contents[taken[0]])).status_code == 201


def test_two_clients_push_one_manifest(server):
    repository = Repository(server)
    for content in (EMPTY, b"layer"):
        repository.push_blob(content)
    text = manifest(descriptor(b"layer"))
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: requests.put(f"{repository.url}/manifests/tag-{n}", data=text, timeout=60).status_code, range(6)))
    assert answers == [201] * 6
    versions = requests.get(f"{server.url}/api/v1/assets/artifact/weights/versions", timeout=60).json()["items"]
    assert [version["version"] for version in versions] == [1]
    assert repository.tags().json()["tags"] == [f"tag-{n}" for n in range(6)]


def test_uploads_are_limited_in_number(server):
    repository = Repository(server)
    answers = [repository.call("POST", "blobs/uploads/").status_code for _ in range(257)]
    assert answers == [202] * 256 + [429]
    assert code(repository.call("POST", "blobs/uploads/")) == "TOOMANYREQUESTS"
    repository.push_blob(b"in one request")


def test_a_workspace_takes_no_more_than_its_quota(tmp_path):
    server = Server(tmp_path / "data", "--quota-workspace-bytes", "1000000").start()
    repository = Repository(server)
    first, second = os.urandom(600_000), os.urandom(600_000)
    repository.push("v1", first)
    answer = repository.call("POST", "blobs/uploads/", params={"digest": sha256(second)}, data=second)
    assert answer.status_code == 413 and "quota" in answer.text, answer.text
    location = start(repository)
    assert patch(repository, location, second[:200_000]).status_code == 202
    assert patch(repository, location, second[200_000:]).status_code == 413
    # What is there already takes nothing: a second version of the same layer fits.
    repository.call("DELETE", location)
    repository.push_blob(b"and a little more")
    text = manifest(descriptor(first), descriptor(b"and a little more"))
    assert repository.put("v2", text).status_code == 201
    assert server.stop() == 0
