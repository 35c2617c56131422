"""The OCI registry: who gets which bytes, tags and names, and what a digest opens."""

import hashlib
import json
import re

import pytest

from conftest import FOUR_EYES

EMPTY = b"{}"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
SECRET = b"secret weights"


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def push_blob(who, repository, content):
    return who.post(f"/v2/{repository}/blobs/uploads/?digest={digest(content)}", raw=content)


def manifest(*layers, subject=None):
    def described(content):
        return {"mediaType": "application/octet-stream", "digest": digest(content), "size": len(content)}
    body = {"schemaVersion": 2, "mediaType": IMAGE, "artifactType": "application/vnd.x", "config": described(EMPTY), "layers": [described(layer) for layer in layers]}
    return json.dumps({**body, "subject": described(subject)} if subject else body).encode()


def put(who, repository, reference, text):
    return who.call("PUT", f"/v2/{repository}/manifests/{reference}", raw=text, headers={"Content-Type": IMAGE})


def push(who, repository, reference, *layers):
    for content in (EMPTY, *layers):
        assert push_blob(who, repository, content).status == 201
    text = manifest(*layers)
    assert put(who, repository, reference, text).status == 201
    return text


def code(answer):
    return answer.json["errors"][0]["code"]


@pytest.fixture
def stored(house):
    house.text = push(house.carl, "default/loans", "v1", SECRET)
    return house


def asked(who, repository, text):
    """Every way to read what a repository has."""
    at = f"/v2/{repository}"
    return [who.get(f"{at}/{path}") for path in (
        f"blobs/{digest(SECRET)}", f"blobs/{digest(text)}", "manifests/v1", f"manifests/{digest(text)}", "tags/list", f"referrers/{digest(text)}")]


def test_a_digest_opens_nothing_in_another_repository(stored):
    """walt works in west, nina on nina-*: they know the digests of default/loans."""
    assert {answer.status for answer in asked(stored.carl, "default/loans", stored.text)} == {200}
    assert {answer.status for answer in asked(stored.rex, "default/loans", stored.text)} == {200}
    for who in (stored.walt, stored.nina):
        assert {answer.status for answer in asked(who, "default/loans", stored.text)} == {403}
        assert {answer.status for answer in asked(who, "default/missing", stored.text)} == {403}, "hidden and missing look the same"
    push(stored.walt, "west/own", "v1", b"own")
    push(stored.nina, "default/nina-own", "v1", b"own")
    for who, repository in ((stored.walt, "west/own"), (stored.nina, "default/nina-own")):
        assert who.get(f"/v2/{repository}/blobs/{digest(SECRET)}").status == 404
        assert who.get(f"/v2/{repository}/manifests/{digest(stored.text)}").status == 404
        # A manifest that names it brings nothing along.
        answer = put(who, repository, "stolen", manifest(SECRET))
        assert answer.status == 404 and code(answer) == "MANIFEST_BLOB_UNKNOWN", answer
        # An empty list of referrers says nothing about the subject.
        assert who.get(f"/v2/{repository}/referrers/{digest(stored.text)}").json["manifests"] == []


@pytest.mark.parametrize("source", ["&from=default/loans", "&from=default/missing", "&from=nowhere/x", "&from=../default/loans", "&from=", ""])
def test_mounting_confirms_nothing(stored, source):
    """Without the role to read the other repository, a blob that is there is answered like one that is not."""
    for who, repository in ((stored.walt, "west/own"), (stored.nina, "default/nina-own")):
        answers = [who.post(f"/v2/{repository}/blobs/uploads/?mount={digest(content)}{source}") for content in (SECRET, b"never stored")]
        assert [answer.status for answer in answers] == [202, 202]
        shapes = [{re.sub("[0-9a-f]{32}", "ID", f"{name}: {value}") for name, value in answer.headers.items() if name not in ("Date", "X-Request-Id")} for answer in answers]
        assert shapes[0] == shapes[1], shapes
        assert who.get(f"/v2/{repository}/blobs/{digest(SECRET)}").status == 404
    # With it, both ways mount.
    if source in ("&from=default/loans", ""):
        assert stored.carl.post(f"/v2/default/copy/blobs/uploads/?mount={digest(SECRET)}{source}").status == 201
        assert stored.carl.get(f"/v2/default/copy/blobs/{digest(SECRET)}").body == SECRET


def test_a_grant_in_both_workspaces_mounts_across(stored):
    both = stored.token("both", {"role": "contributor", "workspace": "west"}, {"role": "reader", "workspace": "default"})
    assert both.post(f"/v2/west/copy/blobs/uploads/?mount={digest(SECRET)}&from=default/loans").status == 201
    assert both.get(f"/v2/west/copy/blobs/{digest(SECRET)}").body == SECRET
    assert both.post(f"/v2/default/loans/blobs/uploads/?mount={digest(SECRET)}&from=west/copy").status == 403


def test_the_catalog_shows_what_the_caller_may_read(stored):
    push(stored.nina, "default/nina-own", "v1", b"own")
    push(stored.walt, "west/own", "v1", b"own")
    assert stored.root.get("/v2/_catalog").json["repositories"] == ["default/loans", "default/nina-own", "west/own"]
    assert stored.nina.get("/v2/_catalog").json["repositories"] == ["default/nina-own"]
    assert stored.walt.get("/v2/_catalog").json["repositories"] == ["west/own"]
    assert stored.anonymous.get("/v2/_catalog").status == 401
    page = stored.root.get("/v2/_catalog?n=1")
    assert page.json["repositories"] == ["default/loans"] and 'last=default%2Floans' in page.headers["Link"]


def test_nobody_is_let_in(stored):
    for answer in asked(stored.anonymous, "default/loans", stored.text):
        assert answer.status == 401 and answer.headers["WWW-Authenticate"].startswith('Basic realm="regesta"')
    assert stored.anonymous.get("/v2/").status == 401 and code(stored.anonymous.get("/v2/")) == "UNAUTHORIZED"
    assert put(stored.anonymous, "default/loans", "v2", stored.text).status == 401
    assert push_blob(stored.anonymous, "default/loans", b"x").status == 401


def test_what_a_reader_cannot_do(stored):
    location = stored.carl.post("/v2/default/loans/blobs/uploads/").headers["Location"]
    for method, path, raw in (("PUT", "/v2/default/loans/manifests/v2", stored.text), ("DELETE", "/v2/default/loans/manifests/v1", None),
                              ("DELETE", f"/v2/default/loans/manifests/{digest(stored.text)}", None), ("DELETE", f"/v2/default/loans/blobs/{digest(SECRET)}", None),
                              ("POST", "/v2/default/loans/blobs/uploads/", b""), ("PATCH", location, b"x"), ("GET", location, None), ("DELETE", location, None)):
        for who in (stored.rex, stored.nina, stored.walt):
            answer = who.call(method, path, raw=raw)
            assert answer.status == 403 and code(answer) == "DENIED", (method, path, answer)
    # An upload is its starter's, even among those who may write.
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        answer = stored.dora.call(method, location + (f"?digest={digest(b'x')}" if method == "PUT" else ""), raw=b"x" if method != "GET" else None)
        assert answer.status == 404 and code(answer) == "BLOB_UPLOAD_UNKNOWN", answer
    assert stored.carl.call("PATCH", location, raw=b"x").status == 202


def test_a_deleted_version_takes_its_files_along(stored):
    assert stored.carl.call("DELETE", "/api/v1/assets/artifact/loans/versions/1?force=true").status == 204
    assert {answer.status for answer in asked(stored.carl, "default/loans", stored.text)[:4]} == {404}
    assert put(stored.carl, "default/loans", "v1", stored.text).status == 404, "a known digest does not bring it back"
    push(stored.carl, "default/loans", "v1", SECRET)
    assert stored.root.call("DELETE", "/api/v1/assets/artifact/loans?force=true").status == 204
    assert stored.carl.get(f"/v2/default/loans/blobs/{digest(SECRET)}").status == 404


def test_blobs_follow_an_asset_to_its_new_name(stored):
    assert push_blob(stored.carl, "default/loans", b"waiting").status == 201
    stored.root.ok("PATCH", "/api/v1/assets/artifact/loans", {"new_name": "credits"})
    assert {answer.status for answer in asked(stored.carl, "default/credits", stored.text)} == {200}
    assert stored.carl.get(f"/v2/default/credits/blobs/{digest(b'waiting')}").status == 200
    assert {answer.status for answer in asked(stored.carl, "default/loans", stored.text)[:4]} == {404}
    assert stored.carl.get(f"/v2/default/loans/blobs/{digest(b'waiting')}").status == 404


def test_no_way_around_the_gate(stored):
    """Neither a push, a tag by parameter, a deletion nor another kind of repository moves a protected tag."""
    assert put(stored.carl, "default/loans", "production", stored.text).status == 201
    stored.guard("artifact/*#production", FOUR_EYES)
    stored.guard("artifact/*#tag.latest", FOUR_EYES + "\n")
    other = push(stored.carl, "default/loans", "other", b"other")
    for reference in ("production", f"{digest(other)}?tag=production", "latest", f"{digest(other)}?tag=harmless&tag=production"):
        answer = put(stored.carl, "default/loans", reference, other)
        assert answer.status == 403 and code(answer) == "DENIED", answer
    for path in ("manifests/production", f"manifests/{digest(stored.text)}", f"blobs/{digest(SECRET)}"):
        assert stored.carl.call("DELETE", f"/v2/default/loans/{path}").status == 403, path
    assert stored.carl.get("/v2/default/loans/manifests/production").body == stored.text
    assert stored.carl.get("/v2/default/loans/manifests/latest").status == 404
    # A model of the same name is another repository.
    stored.carl.ok("POST", "/api/v1/assets", {"kind": "model", "name": "loans"})
    push(stored.carl, "default/model/loans", "production", b"model")
    assert stored.carl.get("/v2/default/loans/manifests/production").body == stored.text


def test_referrers_cannot_be_forged_by_tags(stored):
    for tag in ("oci.manifest.subject", "OCI.Manifest.Subject", " oci.manifest.media-type"):
        for method, path, body in (("POST", "/api/v1/assets/artifact/loans/versions/1/tags", {"key": tag, "value": digest(stored.text)}),
                                   ("PUT", f"/api/v1/assets/artifact/loans/versions/1/tags/{tag.replace(' ', '%20')}", {"value": digest(stored.text)})):
            assert stored.carl.call(method, path, body).status in (400, 404, 405)
    assert stored.carl.get(f"/v2/default/loans/referrers/{digest(stored.text)}").json["manifests"] == []
    signature = manifest(b"signature", subject=stored.text)
    assert push_blob(stored.carl, "default/loans", b"signature").status == 201
    signed = put(stored.carl, "default/loans", digest(signature), signature)
    assert signed.status == 201 and signed.headers["OCI-Subject"] == digest(stored.text)
    found = stored.rex.get(f"/v2/default/loans/referrers/{digest(stored.text)}").json["manifests"]
    assert [each["digest"] for each in found] == [digest(signature)]


def test_a_file_of_another_front_is_readable_in_its_own_repository_only(house):
    blob = house.carl.ok("PUT", "/api/v1/blobs", raw=SECRET)["digest"]
    house.carl.ok("POST", "/api/v1/assets", {"kind": "artifact", "name": "tables"})
    assert house.carl.get(f"/v2/default/tables/blobs/{digest(SECRET)}").status == 404, "uploaded, but to no repository"
    house.carl.ok("POST", "/api/v1/assets/artifact/tables/versions", {"files": [{"path": "a.bin", "digest": blob}]})
    assert house.carl.get(f"/v2/default/tables/blobs/{digest(SECRET)}").body == SECRET
    assert house.carl.get(f"/v2/default/other/blobs/{digest(SECRET)}").status == 404
    assert house.walt.get(f"/v2/default/tables/blobs/{digest(SECRET)}").status == 403
