"""The fronts that take and give content by a digest of the client's (DVC, Git LFS): who gets which bytes, and who may send some."""

import hashlib
import http.client
import json

import pytest


def md5(content):
    return hashlib.md5(content).hexdigest()


def dvc(content, workspace="default", suffix=""):
    digest = md5(content)
    return f"/dvc/{workspace}/files/md5/{digest[:2]}/{digest[2:]}{suffix}"


SECRET = b"id,amount\n1,100\n"


@pytest.fixture
def stored(house):
    assert house.carl.post(dvc(SECRET), raw=SECRET).status == 201
    return house


def test_a_digest_opens_nothing_in_another_workspace(stored):
    """walt knows the MD5 of a file of another workspace: it is hidden from him there, and does not exist in his own."""
    assert stored.carl.get(dvc(SECRET)).body == SECRET
    assert stored.walt.get(dvc(SECRET)).status == 403
    assert stored.walt.get(dvc(SECRET, "west")).status == 404
    # A list that names it does not bring it along either.
    text = json.dumps([{"md5": md5(SECRET), "relpath": "loans.csv"}]).encode()
    assert stored.walt.post(dvc(text, "west", ".dir"), raw=text).status == 409
    assert stored.walt.get(dvc(SECRET, "west")).status == 404
    # Sending the bytes himself is all that gives them to him.
    assert stored.walt.post(dvc(SECRET, "west"), raw=SECRET).status == 201
    assert stored.walt.get(dvc(SECRET, "west")).body == SECRET


@pytest.mark.parametrize("workspace", ["none", "..", "%2e%2e", "default%00", "Default", "a" * 300, "default%2fx"])
def test_a_workspace_that_is_none(stored, workspace):
    for who in (stored.carl, stored.root):
        assert who.get(dvc(SECRET, workspace)).status in (400, 403, 404)
        assert who.post(dvc(SECRET, workspace), raw=SECRET).status in (400, 403, 404)


def test_who_is_let_in(stored):
    other = b"other"
    for path in (dvc(SECRET), "/dvc/default", "/dvc/default/files/md5"):
        assert stored.anonymous.get(path).status == 401
    assert stored.anonymous.post(dvc(other), raw=other).status == 401
    assert stored.rex.get(dvc(SECRET)).body == SECRET
    assert stored.rex.post(dvc(other), raw=other).status == 403
    assert stored.rex.call("PUT", dvc(other), raw=other).status == 403
    # nina's role is on nina-* alone: a cache has no names.
    assert stored.nina.get(dvc(SECRET)).status == 403
    assert stored.nina.post(dvc(other), raw=other).status == 403
    assert stored.root.get(dvc(other)).status == 404
    ci = stored.token("ci", {"role": "contributor", "workspace": "west"})
    assert ci.get(dvc(SECRET)).status == 403 and ci.post(dvc(other), raw=other).status == 403
    assert ci.post(dvc(other, "west"), raw=other).status == 201


@pytest.mark.parametrize("path", [
    "../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/passwd", "ab/..", "ab/" + "0" * 29, "ab/" + "0" * 31,
    "AB/" + "0" * 30, "ab/" + "0" * 29 + "G", "ab/" + "0" * 30 + ".dir.dir", "ab/" + "0" * 30 + "%00", "ab/" + "0" * 30 + ".DIR", "a/" + "0" * 31,
])
def test_a_path_that_is_no_object(stored, path):
    for method in ("GET", "POST", "PUT"):
        answer = stored.root.call(method, f"/dvc/default/files/md5/{path}", raw=b"x")
        assert answer.status in (400, 404), (method, answer)
        assert b"root:" not in answer.body


def test_a_refused_upload_is_refused_before_its_body(stored):
    """A reader announces 100 GB: the answer comes without a byte of it."""
    connection = http.client.HTTPConnection("127.0.0.1", stored.server.port, timeout=60)
    connection.putrequest("POST", dvc(b"x"))
    for name, value in {**stored.rex.authorization, "Content-Length": str(10**11)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 403
    connection.close()


def test_a_version_is_made_of_what_its_author_may_read(stored):
    """nina may write nina-*, walt writes in west: neither gets the file by naming its MD5 in a version."""
    files = {"files": [{"path": "loans.csv", "digest": f"md5:{md5(SECRET)}"}]}
    west = {"X-Regesta-Workspace": "west"}
    for who, name, headers in ((stored.nina, "nina-loans", {}), (stored.walt, "loans", west)):
        assert who.post("/api/v1/assets", {"kind": "dataset", "name": name}, headers=headers).status == 201
        assert who.post(f"/api/v1/assets/dataset/{name}/versions", files, headers=headers).status in (400, 403)
    stored.carl.ok("POST", "/api/v1/assets", {"kind": "dataset", "name": "loans"})
    made = stored.carl.ok("POST", "/api/v1/assets/dataset/loans/versions", files)
    assert made["content_state"] == "stored"
    for digest in ("md5:", "md5:x", "md5:" + "0" * 32, f"md5:{md5(SECRET)}.dir", f"lfs:{oid(SECRET)}"):
        answer = stored.carl.post("/api/v1/assets/dataset/loans/versions", {"files": [{"path": "a", "digest": digest}]})
        assert answer.status == 400, digest


# Two contents of one MD5 (X. Wang et al., 2004).
TWINS = [bytes.fromhex(text) for text in (
    "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89"
    "55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b"
    "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
    "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70",
    "d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f89"
    "55ad340609f4b30283e4888325f1415a085125e8f7cdc99fd91dbd7280373c5b"
    "d8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0"
    "e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70")]


def test_content_is_not_replaced_by_other_content_of_the_same_md5(stored):
    good, evil = TWINS
    assert dvc(good) == dvc(evil) and good != evil
    assert stored.carl.post(dvc(good), raw=good).status == 201
    assert stored.dora.post(dvc(evil), raw=evil).status == 409
    assert stored.carl.get(dvc(good)).body == good
    assert stored.dora.post(dvc(good), raw=good).status == 201


# --- Git LFS -------------------------------------------------------------------------------------------------------

def oid(content):
    return hashlib.sha256(content).hexdigest()


def lfs(content, base="/lfs/default"):
    return f"{base}/objects/{oid(content)}"


BASES = ["/lfs/default", "/git/prompts.git/info/lfs"]


def download(who, content, base="/lfs/default"):
    return who.post(f"{base}/objects/batch", {"operation": "download", "objects": [{"oid": oid(content), "size": len(content)}]})


@pytest.fixture
def large(house):
    assert house.carl.call("PUT", lfs(SECRET), raw=SECRET).status == 200
    return house


def test_an_oid_opens_nothing_in_another_workspace(large):
    for base in ("/lfs/west", "/git/west-prompts.git/info/lfs"):
        assert download(large.walt, SECRET, base).json["objects"][0]["error"]["code"] == 404
        assert large.walt.get(lfs(SECRET, base)).status == 404
        answer = large.walt.post(f"{base}/objects/batch", {"operation": "upload", "objects": [{"oid": oid(SECRET), "size": len(SECRET)}]})
        assert "upload" in answer.json["objects"][0]["actions"], "that another workspace has it must not show"
        assert large.walt.post(f"{base}/objects/verify", {"oid": oid(SECRET), "size": len(SECRET)}).status == 404
    for base in BASES:
        assert download(large.walt, SECRET, base).status == 403 and large.walt.get(lfs(SECRET, base)).status == 403
        assert large.carl.get(lfs(SECRET, base)).body == SECRET
    # Nor do the fronts open each other's objects by their digest.
    assert large.carl.get(dvc(SECRET)).status == 404


@pytest.mark.parametrize("base", BASES)
def test_lfs_roles(large, base):
    new = b"new"
    wanted = {"operation": "upload", "objects": [{"oid": oid(new), "size": 3}]}
    nobody = large.anonymous.post(f"{base}/objects/batch", wanted)
    assert nobody.status == 401 and nobody.headers["LFS-Authenticate"].startswith("Basic") and nobody.json["message"]
    assert large.rex.get(lfs(SECRET, base)).body == SECRET
    for who in (large.rex, large.nina):
        assert who.post(f"{base}/objects/batch", wanted).status == 403
        assert who.call("PUT", lfs(new, base), raw=new).status == 403
        assert who.post(f"{base}/locks", {"path": "a"}).status == 403
        assert who.post(f"{base}/objects/verify", {"oid": oid(SECRET), "size": 1}).status == 403
    assert large.nina.get(lfs(SECRET, base)).status == 403
    assert large.carl.get(lfs(new, base)).status == 404


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "..", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "%00" + "0" * 63, "0" * 64 + ".dir"])
def test_a_name_that_is_no_oid(large, name):
    for base in BASES:
        for method in ("GET", "PUT"):
            assert large.root.call(method, f"{base}/objects/{name}", raw=b"x").status in (400, 404, 405, 422), (base, method)
    answer = large.root.post("/lfs/default/objects/batch", {"operation": "download", "objects": [{"oid": name, "size": 1}]})
    assert answer.json["objects"][0]["error"]["code"] == 422


@pytest.mark.parametrize("body", [{}, {"objects": 1}, {"operation": "download"}, {"operation": "download", "objects": [1]},
                                  {"operation": "download", "objects": {}}, {"operation": 1, "objects": []}, []])
def test_a_batch_that_is_none(large, body):
    answer = large.root.post("/lfs/default/objects/batch", body)
    assert answer.status == 422 and answer.json["message"]


def test_oversized_batches(large):
    item = {"oid": "0" * 64, "size": 1}
    assert large.root.post("/lfs/default/objects/batch", {"operation": "download", "objects": [item] * 1001}).status == 413
    assert large.root.post("/lfs/default/objects/batch", raw=b" " * (1024 * 1024 + 1)).status == 413


def test_locks_of_others(large):
    made = large.carl.post("/lfs/default/locks", {"path": "a.bin"})
    number = made.json["lock"]["id"]
    assert made.status == 201 and large.dora.post("/lfs/default/locks", {"path": "a.bin"}).status == 409
    for body in ({}, {"force": True}, {"force": "yes"}):
        assert large.dora.post(f"/lfs/default/locks/{number}/unlock", body).status == 403
    # Not through another workspace, and not its admin.
    assert large.walt.post(f"/lfs/west/locks/{number}/unlock", {"force": True}).status == 404
    assert large.wendy.post(f"/lfs/west/locks/{number}/unlock", {"force": True}).status == 404
    assert large.walt.get("/lfs/west/locks").json["locks"] == []
    for path in ("", "a" * 5000, "a\0b"):
        assert large.carl.post("/lfs/default/locks", {"path": path}).status == 422
    verified = large.dora.post("/lfs/default/locks/verify", {}).json
    assert verified["ours"] == [] and verified["theirs"][0]["owner"]["name"] == "carl"
    assert large.root.post(f"/lfs/default/locks/{number}/unlock", {"force": True}).status == 200
    assert large.carl.post(f"/lfs/default/locks/{number}/unlock", {}).status == 404
