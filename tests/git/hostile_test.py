"""Packs and requests that nobody's git makes."""

import gzip
import hashlib
import pathlib
import socket
import struct
import zlib

import pytest

from conftest import git
from regesta_server import eventually

NONE = "0" * 40


def pkt(text):
    data = text if isinstance(text, bytes) else text.encode()
    return b"%04x" % (len(data) + 4) + data


def obj(kind, data):
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data).hexdigest()


def header(number, size):
    first = number << 4 | size & 15
    size >>= 4
    out = bytearray()
    while size:
        out.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    out.append(first)
    return bytes(out)


KINDS = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}


def pack(objects, count=None, trailer=None):
    body = b"PACK" + struct.pack(">II", 2, len(objects) if count is None else count)
    for each in objects:
        body += each if isinstance(each, bytes) else header(KINDS[each[0]], len(each[1])) + zlib.compress(each[1])
    return body + (trailer or hashlib.sha1(body).digest())


def tree(*entries):
    return b"".join(f"{mode} {name}".encode("utf-8", "surrogateescape") + b"\0" + bytes.fromhex(id) for mode, name, id in entries)


def commit(tree_id, parents=(), more=""):
    return ("tree %s\n%sauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n%s\nm\n"
            % (tree_id, "".join(f"parent {p}\n" for p in parents), more)).encode()


def history(root_tree, *more):
    """A commit on that tree, its id, and the pack's list."""
    made = commit(obj("tree", root_tree))
    return obj("commit", made), [("commit", made), ("tree", root_tree), *more]


def push(api, to, packed, ref="refs/heads/main", old=NONE):
    body = pkt(f"{old} {to} {ref}\0report-status") + b"0000" + packed
    status, answer = api.call("POST", "/git/prompts.git/git-receive-pack", raw=body)
    return status, answer if isinstance(answer, bytes) else str(answer).encode()


def refused(api, to, packed, words):
    status, answer = push(api, to, packed)
    assert (b"ng " in answer or status >= 400) and words.encode() in answer, (status, answer)
    assert status < 500
    refs = api.call("GET", "/git/prompts.git/info/refs?service=git-upload-pack")[1]
    assert to.encode() not in refs


BLOB = ("blob", b"hello\n")
BLOB_ID = obj(*BLOB)


def test_the_smallest_push_is_taken(api):
    to, objects = history(tree(("100644", "a.txt", BLOB_ID)), BLOB)
    status, answer = push(api, to, pack(objects))
    assert status == 200 and b"unpack ok" in answer and b"ok refs/heads/main" in answer


@pytest.mark.parametrize("mode,name,words", [
    ("120000", "link", "symbolic link"), ("160000", "sub", "submodule"), ("100644", "..", "not allowed"),
    ("100644", ".git", "not allowed"), ("40000", ".GIT", "not allowed"), ("100644", "git~1", "not allowed"),
    ("100644", ".g\u200cit", "not allowed"), ("100644", ".git ", "not allowed"), ("100644", "a\\b", "not allowed"),
    ("100644", "a/b", "not allowed"), ("100644", "a\nb", "not allowed"), ("100644", "", "not allowed"),
    ("100644", ".gitmodules", "not allowed"), ("100644", "b\udcff", "not allowed"), ("140000", "odd", "mode"),
    ("0100644", "zero", "mode")])
def test_names_and_modes(api, mode, name, words):
    id = BLOB_ID if mode != "40000" else obj("tree", tree(("100644", "x", BLOB_ID)))
    to, objects = history(tree((mode, name, id)), BLOB, ("tree", tree(("100644", "x", BLOB_ID))))
    refused(api, to, pack(objects), words)


def test_trees_out_of_order_or_with_doubles(api):
    to, objects = history(tree(("100644", "b", BLOB_ID), ("100644", "a", BLOB_ID)), BLOB)
    refused(api, to, pack(objects), "out of order")
    inner = tree(("100644", "x", BLOB_ID))
    to, objects = history(tree(("100644", "a", BLOB_ID), ("100644", "a.b", BLOB_ID), ("40000", "a", obj("tree", inner))),
                          BLOB, ("tree", inner))
    refused(api, to, pack(objects), "twice")


def test_missing_and_surplus_objects(api):
    to, objects = history(tree(("100644", "a.txt", BLOB_ID)), BLOB)
    refused(api, to, pack(objects[:2]), "missing")
    refused(api, to, pack(objects[::2]), "missing")
    refused(api, to, pack(objects + [("blob", b"stowaway")]), "nothing refers to it")
    refused(api, "1" * 40, pack(objects), "missing")
    lone = commit(obj("tree", objects[1][1]), ["2" * 40])
    refused(api, obj("commit", lone), pack([("commit", lone), *objects[1:]]), "missing")


def test_objects_of_the_wrong_type(api):
    to, objects = history(tree(("40000", "a", BLOB_ID)), BLOB)
    refused(api, to, pack(objects), "is a blob, where a tree belongs")
    refused(api, BLOB_ID, pack([BLOB]), "a branch must point to a commit")
    broken = b"tree nonsense\n\n"
    refused(api, obj("commit", broken), pack([("commit", broken)]), "commit")


def test_broken_packs(api):
    to, objects = history(tree(("100644", "a.txt", BLOB_ID)), BLOB)
    good = pack(objects)
    refused(api, to, b"", "missing")
    refused(api, to, b"PACK", "not a Git pack")
    refused(api, to, good[:-30], "")
    refused(api, to, good + b"more", "longer")
    refused(api, to, pack(objects, trailer=b"x" * 20), "")
    refused(api, to, pack(objects, count=2), "longer")
    refused(api, to, pack(objects, count=4), "ends before")
    refused(api, to, pack(objects, count=0xFFFFFFFF), "more than")
    refused(api, to, pack([*objects[:2], header(3, 600) + zlib.compress(b"hello\n")]), "smaller")
    refused(api, to, pack([*objects[:2], header(3, 2) + zlib.compress(b"hello\n")]), "larger")
    refused(api, to, pack([*objects[:2], header(5, 6) + zlib.compress(b"hello\n")]), "unknown type")
    refused(api, to, pack([*objects[:2], header(3, 6) + b"not zlib at all" * 5]), "inflate")
    refused(api, to, pack([*objects[:2], b"\xff" * 12]), "")


def size_bytes(value):
    out = bytearray()
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def test_bombs(api):
    to, objects = history(tree(("100644", "a.txt", BLOB_ID)), BLOB)
    # One object that is large when it is unpacked.
    large = b"\0" * (9 * 1024 * 1024)
    refused(api, to, pack([*objects, ("blob", large)]), "object of more than")
    # Many that are so together.
    half = b"\0" * (7 * 1024 * 1024)
    packed = header(3, len(half)) + zlib.compress(half, 9)
    refused(api, to, pack([*objects, *[packed] * 80]), "unpacks to more than")
    # A difference that says it makes a terabyte.
    delta = size_bytes(6) + size_bytes(1 << 40) + b"\x80"
    refused(api, to, pack([*objects, header(7, len(delta)) + bytes.fromhex(BLOB_ID) + zlib.compress(delta)]), "more than")
    # One to something outside of the pack, and one to itself.
    delta = size_bytes(6) + size_bytes(6) + b"\x90\x06"
    refused(api, to, pack([*objects, header(7, len(delta)) + b"\x11" * 20 + zlib.compress(delta)]), "cannot be unpacked")
    refused(api, to, pack([*objects, header(6, len(delta)) + b"\x00" + zlib.compress(delta)]), "has a delta to")
    refused(api, to, pack([*objects, header(6, len(delta)) + b"\x7f" + zlib.compress(delta)]), "has a delta to")


def test_a_chain_of_folders(api):
    inner, objects = tree(("100644", "x", BLOB_ID)), [BLOB]
    for _ in range(2000):
        objects.append(("tree", inner))
        inner = tree(("40000", "d", obj("tree", inner)))
    to, all = history(inner, *objects)
    refused(api, to, pack(all), "folders deep")


@pytest.mark.parametrize("body", [
    b"", b"zzzz", b"0003", b"0004", b"fff", pkt("nonsense") + b"0000", pkt(f"{NONE} {NONE} refs/heads/x\0report-status"),
    pkt(f"{NONE} {'g' * 40} refs/heads/main") + b"0000"])
def test_malformed_pushes(api, body):
    status, _ = api.call("POST", "/git/prompts.git/git-receive-pack", raw=body)
    assert 400 <= status < 500


@pytest.mark.parametrize("ref", ["refs/heads/../x", "refs/heads/a b", "main", "HEAD", "refs/changes/1", "refs/heads/", "refs/heads/x.lock",
                                 "refs/heads/a\x01b", "refs/notes/commits"])
def test_names_of_refs(api, ref):
    to, objects = history(tree(("100644", "a.txt", BLOB_ID)), BLOB)
    status, answer = push(api, to, pack(objects), ref)
    assert b"ng " in answer and status == 200
    assert git("/tmp", "ls-remote", f"{api.server.url}/git/prompts.git").out == ""


def test_fetches_of_what_is_not_there(api):
    def fetch(body, **headers):
        return api.call("POST", "/git/prompts.git/git-upload-pack", raw=body, headers=headers)

    status, answer = fetch(pkt(f"want {'1' * 40} side-band-64k\n") + b"0000" + pkt("done\n"))
    assert status == 200 and b"ERR" in answer and b"not our ref" in answer
    assert b"ERR" in fetch(pkt("want nonsense\n") + b"0000")[1]
    assert b"ERR" in fetch(pkt("filter blob:none\n") + b"0000")[1]
    assert b"ERR" in fetch(b"00zz")[1]
    assert fetch(gzip.compress(b"\0" * (20 * 1024 * 1024)), **{"Content-Encoding": "gzip"})[0] == 413
    assert fetch(b"not gzip", **{"Content-Encoding": "gzip"})[0] == 400
    assert fetch(gzip.compress(b"0000")[:-4], **{"Content-Encoding": "gzip"})[0] == 400
    assert fetch(b"0000", **{"Content-Encoding": "br"})[0] in (400, 415, 501)


def test_a_fetch_cannot_read_what_no_ref_reaches(api, clone):
    work = clone()
    work.commit("first", files={"a.txt": "x\n"})
    work.push()
    work.git("checkout", "-q", "-b", "secret")
    secret = work.commit("secret", files={"secret.txt": "x\n"})
    work.push("secret")
    work.push(":secret")
    answer = api.call("POST", "/git/prompts.git/git-upload-pack", raw=pkt(f"want {secret} side-band-64k\n") + b"0000" + pkt("done\n"))[1]
    assert b"not our ref" in answer


def test_a_push_that_breaks_off_changes_nothing(api, server):
    to, objects = history(tree(("100644", "a.txt", BLOB_ID)), BLOB)
    body = pkt(f"{NONE} {to} refs/heads/main\0report-status") + b"0000" + pack(objects)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"POST /git/prompts.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
                           + body[:-10])
    eventually(lambda: not any(path.name.startswith("work-") for path in pathlib.Path(server.data, "git").iterdir()))
    assert git("/tmp", "ls-remote", f"{server.url}/git/prompts.git").out == ""


def test_old_git_and_other_methods(api):
    assert api.call("GET", "/git/prompts.git/info/refs")[0] == 403
    assert api.call("GET", "/git/prompts.git/info/refs?service=git-other")[0] == 403
    assert api.call("GET", "/git/prompts.git/HEAD")[0] == 404
    assert api.call("GET", "/git/prompts.git/git-receive-pack")[0] == 405
