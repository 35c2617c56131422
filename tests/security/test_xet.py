"""The Xet store: a chunk hash, a xorb hash or a file hash opens nothing to those who may not read the content, and hostile
xorbs and shards are refused. What is sent here was recorded from hf_xet."""

import hashlib
import json
import os
import struct

import pytest
from recording_proxy import RecordingProxy
from xet_client import XetClient, noise, stored_bytes

SECRET = noise(700_000, 60)


class Recorded:
    """What hf_xet sent for a file: its xorb, its shard, and what it asked about."""

    def __init__(self, house, folder, content, who="carl", workspace="default", name="nina-1"):
        path = folder / f"file {os.urandom(4).hex()}"
        path.write_bytes(content)
        proxy = RecordingProxy(house.server.port)
        token = {"actor": f"user:{who}", "workspace": workspace, "name": name}
        self.info, = XetClient(house.server, folder / f"cache {os.urandom(4).hex()}", proxy.url, **token).upload(path)
        self.client = XetClient(house.server, "", **token)
        proxy.close()
        xorb, = proxy.sent("/v1/xorbs/")
        self.xorb, self.xorb_path = xorb.body, xorb.path.removeprefix(f"/hf/cas/{workspace}")
        self.shard = proxy.sent("/v2/shards")[0].body
        self.chunk_path = proxy.sent("/v1/chunks/")[0].path.removeprefix(f"/hf/cas/{workspace}")


def person(house, who, workspace="default", **token):
    return XetClient(house.server, "", actor=f"user:{who}", workspace=workspace, **token)


@pytest.fixture
def carls(house, tmp_path):
    return Recorded(house, tmp_path, SECRET)


def addresses(client, info):
    plan = client.request("GET", f"/v2/reconstructions/{info['hash']}").json()
    return [(fetch["url"], span["bytes"]) for fetches in plan["xorbs"].values() for fetch in fetches for span in fetch["ranges"]]


def fetch(house, url, first, last):
    return house.anonymous.call("GET", url.removeprefix(house.server.url), headers={"Range": f"bytes={first}-{last}"})


CALLS = [("POST", "/v1/xorbs/default/" + "0" * 64), ("HEAD", "/v1/xorbs/default/" + "0" * 64), ("HEAD", "/v1/files/" + "0" * 64), ("POST", "/v1/shards"),
         ("POST", "/v2/shards"), ("GET", "/v1/chunks/default/" + "0" * 64), ("GET", "/v1/reconstructions/" + "0" * 64),
         ("GET", "/v2/reconstructions/" + "0" * 64), ("GET", "/v1/reconstructions"), ("POST", "/v1/reconstructions"), ("POST", "/v1/telemetry")]


@pytest.mark.parametrize("method, path", CALLS)
def test_who_is_let_in(house, method, path):
    good = person(house, "carl")
    assert good.request(method, path).status_code not in (401, 403)
    for header in ({}, {"Authorization": ""}, {"Authorization": "Bearer xet_e30.AAAA"}, {"Authorization": "Bearer xet_"}, {"Authorization": "xet_e30.AAAA"},
                   house.carl.authorization, house.root.authorization):
        answer = house.anonymous.call(method, "/hf/cas/default" + path, headers=header)
        assert answer.status == 401, header
    assert person(house, "carl", seconds=-1).request(method, path).status_code == 401
    # A token for reading, and one of somebody who may not do more.
    writes = method == "POST" and "shards" in path or "xorbs" in path or "chunks" in path
    for client in (person(house, "carl", verb="read"), person(house, "rex", verb="read")):
        assert (client.request(method, path).status_code == 403) == writes
    assert person(house, "rex").request(method, path).status_code == 403
    assert person(house, "walt").request(method, path).status_code == 403
    assert person(house, "ghost").request(method, path).status_code == 403
    assert person(house, "nina").request(method, path).status_code == 403
    assert person(house, "nina", name="nina-1").request(method, path).status_code not in (401, 403)


def test_a_token_ends_with_the_role_and_opens_no_other_route(house):
    carl = person(house, "carl")
    headers = {"Authorization": "Bearer " + carl_token(house)}
    for path in ("/api/v1/assets", "/lfs/default/locks", "/api/2.0/mlflow/experiments/search"):
        assert house.anonymous.call("GET", path, headers=headers).status == 401
    assert carl.request("GET", "/v1/reconstructions").status_code == 200
    house.root.ok("PUT", "/api/v1/users/carl/grants", {"grants": [{"role": "reader"}]})
    assert carl.request("GET", "/v1/chunks/default/" + "0" * 64).status_code == 403
    assert person(house, "carl", verb="read").request("GET", "/v1/reconstructions").status_code == 200
    house.root.ok("DELETE", "/api/v1/users/carl")
    assert person(house, "carl", verb="read").request("GET", "/v1/reconstructions").status_code == 403


def carl_token(house):
    from xet_client import make_token
    return make_token(house.server, actor="user:carl")


def test_hashes_open_nothing_in_another_workspace(house, carls):
    """walt knows every hash of a file of another workspace, and has its shard."""
    walt = person(house, "walt", "west")
    for path in (f"/v2/reconstructions/{carls.info['hash']}", f"/v1/reconstructions/{carls.info['hash']}", carls.chunk_path):
        assert carls.client.request("GET", path).status_code == 200
        absent = walt.request("GET", path[:-64] + "0" * 64)
        there = walt.request("GET", path)
        assert there.status_code == absent.status_code == 404
        assert there.text.replace(path[-64:], "0" * 64) == absent.text
    assert walt.request("HEAD", carls.xorb_path).status_code == walt.request("HEAD", f"/v1/files/{carls.info['hash']}").status_code == 404
    batch = walt.request("GET", f"/v1/reconstructions?file_id={carls.info['hash']}").json()
    assert batch == {"files": {}, "fetch_info": {}}
    listed = walt.request("POST", "/v1/reconstructions", json=[{"prefix": "default", "hash": carls.info["hash"]}]).json()
    assert listed == batch
    for version in (1, 2):
        assert walt.request("POST", f"/v{version}/shards", data=carls.shard).status_code == 404
    assert house.walt.get(f"/lfs/west/objects/{carls.info['sha256']}").status == 404
    # Sending the bytes himself is all that gives them to him, and the answer does not say that others have them.
    assert walt.request("POST", carls.xorb_path, data=carls.xorb).json() == {"was_inserted": True}
    before = stored_bytes(house.server)
    assert walt.request("POST", "/v1/shards", data=carls.shard).json() == {"result": 1}
    assert house.walt.get(f"/lfs/west/objects/{carls.info['sha256']}").body == SECRET
    assert stored_bytes(house.server) == before


def test_what_one_sent_to_a_workspace_is_not_in_another(house, tmp_path):
    """mira works in both. If what she sent to one were hers in the other, she would keep it there after she left the one."""
    house.root.ok("POST", "/api/v1/users", {"name": "mira", "password": "a long password",
                                            "grants": [{"role": "contributor", "workspace": name} for name in ("default", "west")]})
    sent = Recorded(house, tmp_path, SECRET, "mira")
    west = person(house, "mira", "west")
    assert sent.client.request("HEAD", sent.xorb_path).status_code == 200
    assert west.request("HEAD", sent.xorb_path).status_code == 404
    for version in (1, 2):
        assert west.request("POST", f"/v{version}/shards", data=sent.shard).status_code == 404
    # The token of one workspace opens nothing at the address of the other.
    sent.client.url = west.url
    assert sent.client.request("HEAD", sent.xorb_path).status_code == 403
    # A machine that remembers what it sent to the one sends it to the other as well.
    path = tmp_path / "file"
    path.write_bytes(SECRET)
    for workspace in ("default", "west"):
        info, = XetClient(house.server, tmp_path / "one cache", actor="user:mira", workspace=workspace).upload(path)
        assert house.root.get(f"/lfs/{workspace}/objects/{info['sha256']}").body == SECRET


def test_within_a_workspace_names_decide(house, carls, tmp_path):
    """nina may use nina-* only. The file is no version of such a name."""
    nina = person(house, "nina", name="nina-1")
    assert nina.request("GET", f"/v2/reconstructions/{carls.info['hash']}").status_code == 404
    assert nina.request("GET", carls.chunk_path).status_code == 404
    assert nina.request("POST", "/v1/shards", data=carls.shard).status_code == 404
    dora = person(house, "dora")
    assert dora.request("GET", carls.chunk_path).status_code == 200
    assert dora.request("POST", "/v1/shards", data=carls.shard).json() == {"result": 0}


def test_what_is_not_a_file_yet_belongs_to_its_uploader(house, tmp_path):
    theirs = Recorded(house, tmp_path, SECRET, "walt", "west", "m")
    carl, dora = person(house, "carl"), person(house, "dora")
    assert carl.request("POST", theirs.xorb_path, data=theirs.xorb).json() == {"was_inserted": True}
    assert dora.request("HEAD", theirs.xorb_path).status_code == 404
    assert dora.request("POST", "/v1/shards", data=theirs.shard).status_code == 404
    assert dora.request("GET", theirs.chunk_path).status_code == 404
    assert carl.request("HEAD", theirs.xorb_path).headers["Content-Length"] == str(len(theirs.xorb))
    assert carl.request("POST", "/v1/shards", data=theirs.shard).json() == {"result": 1}
    assert dora.request("POST", "/v1/shards", data=theirs.shard).json() == {"result": 0}


def test_an_answer_about_a_chunk_names_no_chunk_in_the_clear(house, carls):
    answer = carls.client.request("GET", carls.chunk_path).content
    hashes = [carls.shard[at:at + 32] for at in xorb_chunks(carls.shard)]
    assert len(hashes) > 5
    for found in hashes:
        assert found not in answer
    other = person(house, "dora").request("GET", carls.chunk_path).content
    assert other != answer  # each has a key of their own


def xorb_chunks(shard):
    """Where the hashes of the chunks are in a shard of one xorb."""
    at = 48
    while shard[at:at + 32] != b"\xff" * 32:
        at += 48
    at += 48
    count, = struct.unpack_from("<I", shard, at + 36)
    return range(at + 48, at + 48 + 48 * count, 48)


def test_an_address_reaches_only_its_file(house, tmp_path):
    """Small files of two workspaces are in one pack after a repack: an address of one does not reach the other."""
    mine = [Recorded(house, tmp_path, noise(30_000, seed), "walt", "west", "m") for seed in range(70, 76)]
    for seed in range(80, 90):
        Recorded(house, tmp_path, noise(30_000, seed))
    house.root.ok("POST", "/api/v1/blobs/repack", {})
    url, span = addresses(mine[0].client, mine[0].info)[0]
    first, last = span["start"], span["end"]
    assert fetch(house, url, first, last).status == 206 and fetch(house, url, first + 5, last - 5).status == 206
    for begin, end in ((first, last + 1), (max(first - 1, 0), last) if first else (last + 1, last + 9), (0, 10_000_000), (last + 1, last + 1000)):
        answer = fetch(house, url, begin, end)
        assert answer.status == 403 and not answer.body.startswith(b"\0")
    for header in (None, "bytes=-5", "bytes=0-", "lines=0-1", "bytes=9-1", "bytes=" + "0-0," * 2001 + "0-0", "bytes=18446744073709551616-18446744073709551617"):
        answer = house.anonymous.call("GET", url.removeprefix(house.server.url), headers={"Range": header} if header else {})
        assert answer.status == 400, header
    # Not with another pack, a changed grant, nor after the role is gone.
    other, _ = addresses(mine[1].client, mine[1].info)[0]
    base, grant = url.split("?grant=")
    assert fetch(house, base[:-32] + "0" * 32 + "?grant=" + grant, first, last).status == 403
    assert fetch(house, base + "?grant=" + grant[:-1] + ("A" if grant[-1] != "A" else "B"), first, last).status == 403
    assert fetch(house, base, first, last).status == 403
    if other.split("?")[0].endswith(base[-32:]):
        spans = addresses(mine[1].client, mine[1].info)[0][1]
        assert fetch(house, url, spans["start"], spans["end"]).status == 403
    house.root.ok("PUT", "/api/v1/users/walt/grants", {"grants": []})
    assert fetch(house, url, first, last).status == 403


def test_hostile_xorbs(house, carls):
    carl = person(house, "carl")
    path = "/v1/xorbs/default/" + "1" * 64
    frame = bytes.fromhex("04224d186050fb")

    def record(body, length, scheme=0, version=0, packed=None):
        return bytes([version]) + (packed if packed is not None else len(body)).to_bytes(3, "little") + bytes([scheme]) + length.to_bytes(3, "little") + body

    bomb = frame + (len(block := b"\x1fa\x01\x00" + b"\xff" * 60_000 + b"\x00" + b"\x50aaaaa")).to_bytes(4, "little") + block + bytes(4)
    hostile = {
        "nothing": b"", "noise": noise(100_000, 61), "one byte": b"\0", "a header only": record(b"", 5, packed=5),
        "a bomb": record(bomb, 131_072, 1), "a bomb that lies": record(bomb, 10, 1), "a length of 16 MiB": record(b"a" * 10, 0xFFFFFF),
        "an empty chunk": record(b"", 0), "another scheme": record(b"a", 1, 9), "another version": record(b"a", 1, 0, 7),
        "grouped noise": record(noise(500, 62), 1000, 2), "too many chunks": record(b"a", 1) * 8193, "truncated": carls.xorb[:-1],
        "a wrong hash": carls.xorb, "changed": carls.xorb[:50] + bytes([carls.xorb[50] ^ 1]) + carls.xorb[51:],
    }
    before = stored_bytes(house.server)
    for name, body in hostile.items():
        answer = carl.request("POST", path if name != "changed" else carls.xorb_path, data=body)
        assert answer.status_code == 400, (name, answer.text)
    assert stored_bytes(house.server) == before
    for hash in ("x", "1" * 63, "1" * 65, "A" * 64, "..", "%00" * 8):
        assert carl.request("POST", f"/v1/xorbs/default/{hash}", data=carls.xorb).status_code in (400, 404)
    big = carl.request("POST", path, data=bytes(70_000_000))
    assert big.status_code in (400, 413)


def test_hostile_shards(house, carls):
    carl = person(house, "carl")
    shard = carls.shard
    terms = struct.unpack_from("<I", shard, 48 + 36)[0]

    def changed(at, value):
        return shard[:at] + value + shard[at + len(value):]

    little = lambda number, size=4: number.to_bytes(size, "little")
    term, verification, metadata = 96, 96 + 48 * terms, 96 + 96 * terms
    hostile = {
        "nothing": b"", "a wrong tag": b"X" + shard[1:], "version 9": changed(32, little(9, 8)), "a footer of 7 bytes": changed(40, little(7, 8)),
        "a footer that is not there": changed(40, little(200, 8)), "4 billion terms": changed(48 + 36, little(0xFFFFFFFF)), "one term more": changed(48 + 36, little(terms + 1)),
        "no verification": changed(48 + 32, little(0x40000000)), "4 billion chunks": changed(xorb_chunks(shard)[0] - 48 + 36, little(0xFFFFFFFF)),
        "a term without chunks": changed(term + 44, little(0)), "chunks out of range": changed(term + 44, little(9000)),
        "chunks far out of range": changed(term + 44, little(0xFFFFFFFF)), "a wrong length": changed(term + 36, little(1)),
        "a wrong verification hash": changed(verification, b"\0" * 32), "a wrong file hash": changed(48, b"\1" * 32), "a wrong SHA-256": changed(metadata, b"\2" * 32),
        "truncated": shard[:-48],
    }
    for name, body in hostile.items():
        answer = carl.request("POST", "/v1/shards", data=body)
        assert answer.status_code == 400, (name, answer.text)
        progress = carl.request("POST", "/v2/shards", data=body)
        if progress.status_code == 200:  # found when the content was read
            last = json.loads(progress.text.strip().splitlines()[-1])
            assert last["type"] == "error" and last["retryable"] is False and "SHA-256" in last["message"], name
        else:
            assert progress.status_code == 400, name
    assert carl.request("POST", "/v1/shards", data=changed(term, b"\3" * 32)).status_code == 404  # a xorb that nobody has
    # A shard of many terms of large xorbs costs no more than the limits say.
    header = shard[:48] + changed(48 + 36, little(300_000))[48:96]
    many = header + shard[term:term + 48] * 300_000 + shard[verification:verification + 48] * 300_000 + shard[metadata:metadata + 48] + b"\xff" * 32 + bytes(16)
    answer = carl.request("POST", "/v1/shards", data=many + many[-48:])
    assert answer.status_code in (400, 413), answer.text
    assert house.carl.get(f"/lfs/default/objects/{hashlib.sha256(SECRET).hexdigest()}").body == SECRET


def test_no_secret_is_logged(house, carls, tmp_path):
    url, span = addresses(carls.client, carls.info)[0]
    assert fetch(house, url, span["start"], span["end"]).status == 206
    assert url.split("?grant=")[1][:40] not in house.server.log() and "xet_" not in house.server.log()
