"""What no honest client sends: names, tags, manifests and titles that are none, and what they must not leave behind."""

import json
import random

import pytest
import requests

from conftest import EMPTY, IMAGE, INDEX, Repository, code, descriptor, manifest, sha256, sha512


@pytest.mark.parametrize("name", [
    "default", "default/", "default/A", "default/a..b", "default/a.", "default/-a", "default/a___b", "default/a b", "default/a%00b", "default/a%2e%2e",
    "default/é", "default/" + "a" * 300, "default/model/a/b", "default//a", "default/a//b", "default/a%2f..%2fb", "default/_catalog/x/..",
])
def test_a_name_that_is_none(shared, name):
    for method, path in (("GET", "tags/list"), ("GET", "manifests/v1"), ("POST", "blobs/uploads/"), ("PUT", "manifests/v1"), ("GET", "blobs/" + sha256(b"x")),
                         ("GET", "referrers/" + sha256(b"x"))):
        answer = shared.call(method, f"{shared.server.url}/v2/{name}/{path}", data=b"" if method in ("POST", "PUT") else None)
        assert answer.status_code in (400, 404), answer.text
        assert code(answer) in ("NAME_INVALID", "NAME_UNKNOWN", "MANIFEST_INVALID", "UNSUPPORTED", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN"), answer.text


def test_a_workspace_that_is_none(shared):
    nowhere = Repository(shared.server, "nowhere/a")
    for answer in (nowhere.get("v1"), nowhere.tags(), nowhere.put("v1", manifest()), nowhere.call("POST", "blobs/uploads/")):
        assert answer.status_code == 404 and code(answer) == "NAME_UNKNOWN", answer.text


@pytest.mark.parametrize("tag", ["-a", ".a", "a" * 129, "a+b", "a b", "é", "a%00", "stage%3Aproduction", "production.b17"])
def test_a_tag_that_is_none(shared, tag):
    shared.push_blob(EMPTY)
    answer = shared.put(tag, manifest())
    assert answer.status_code == 400 and code(answer) in ("TAG_INVALID", "DIGEST_INVALID", "UNSUPPORTED"), answer.text


@pytest.mark.parametrize("tag", ["latest", "LATEST", "v1", "V2", "1", "1.2", "1.4.2", "v1.4.2", "1.x", "tag.latest", "tag.tag.v1", "_", "a" * 128, "sha256-" + "0" * 64 + ".sig"])
def test_tags_that_read_like_versions(server, tag):
    """Each is a tag of its own, and none of them is taken for a version elsewhere."""
    repository = Repository(server)
    first, second = repository.push("first", b"one"), repository.push("second", b"two")
    assert repository.put(tag, first).status_code == 201
    assert repository.get(tag).content == first
    assert repository.tags().json() == {"name": "default/weights", "tags": sorted(["first", "second", tag])}
    versions = f"{server.url}/api/v1/assets/artifact/weights/versions"
    assert requests.get(f"{versions}/latest", timeout=60).json()["version"] == 2
    assert requests.get(f"{versions}/1", timeout=60).json()["version"] == 1
    assert repository.put(tag, second).status_code == 201 and repository.get(tag).content == second
    assert repository.call("DELETE", f"manifests/{tag}").status_code == 202
    assert repository.get(tag).status_code == 404


def test_pages_of_tags(server):
    repository = Repository(server)
    text = repository.push("b", b"one")
    for tag in ("a", "d", "latest", "C", "1.0"):
        assert repository.put(tag, text).status_code == 201
    every = ["1.0", "C", "a", "b", "d", "latest"]
    assert repository.tags().json()["tags"] == every and "Link" not in repository.tags().headers
    got, page = [], repository.tags(n=4)
    for _ in range(2):
        got += page.json()["tags"]
        page = repository.call("GET", page.links["next"]["url"]) if "next" in page.links else page
    assert got == every and "next" not in page.links
    assert repository.tags(n=0).json()["tags"] == [] and "Link" not in repository.tags(n=0).headers
    assert repository.tags(last="b").json()["tags"] == ["d", "latest"] and repository.tags(last="zz").json()["tags"] == []
    assert repository.tags(n="x").status_code == 400 and repository.tags(n=-1).status_code == 400


EMPTY_CONFIG = descriptor(EMPTY, "application/vnd.oci.empty.v1+json")
BAD = [
    b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"schemaVersion":2', b"[" * 100000, b'{"a":' * 5000,
    json.dumps({"schemaVersion": 1, "config": EMPTY_CONFIG, "layers": []}), json.dumps({"schemaVersion": 2, "layers": []}),
    manifest(config=None), manifest(config="x"), manifest(config={}), manifest(config={**EMPTY_CONFIG, "digest": "sha256:x"}),
    manifest(config={**EMPTY_CONFIG, "size": -1}), manifest(config={**EMPTY_CONFIG, "size": 2.5}), manifest(config={**EMPTY_CONFIG, "size": "2"}),
    manifest(config={**EMPTY_CONFIG, "size": 2**70}), manifest(config={**EMPTY_CONFIG, "size": 3}), manifest(layers={}), manifest(layers="x"), manifest(layers=[1]),
    manifest(layers=[None]), manifest(*[EMPTY_CONFIG] * 10_001), manifest(manifests=[]), manifest(subject="x"), manifest(subject={"digest": "md5:x"}),
    manifest(mediaType="text/html"), manifest(mediaType=INDEX), manifest(artifactType="a" * 300), manifest(artifactType="a\nb"), manifest(config={**EMPTY_CONFIG, "mediaType": "x\u202ey"}),
]


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_a_manifest_that_is_none(shared, text):
    shared.push_blob(EMPTY)
    text = text if isinstance(text, bytes) else text.encode()
    answer = shared.put("bad", text)
    assert answer.status_code == 400 and code(answer) == "MANIFEST_INVALID", answer.text
    assert shared.get(sha256(text)).status_code == 404 and shared.get("bad").status_code == 404


def test_a_manifest_that_is_too_large(shared):
    shared.push_blob(EMPTY)
    fits = manifest(annotations={"a": "x" * (4 * 1024 * 1024 - 600)})
    assert len(fits) <= 4 * 1024 * 1024
    assert shared.put("large", fits).status_code == 201 and shared.get("large").content == fits
    answer = shared.put("larger", manifest(annotations={"a": "x" * 4 * 1024 * 1024}))
    assert answer.status_code == 413 and code(answer) == "SIZE_INVALID", answer.text


def test_what_is_missing(shared):
    shared.push_blob(EMPTY)
    text = manifest(descriptor(b"never sent"))
    answer = shared.put("v1", text)
    assert answer.status_code == 404 and code(answer) == "MANIFEST_BLOB_UNKNOWN" and sha256(b"never sent") in answer.text
    assert shared.get(sha256(text)).status_code == 404
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(text, IMAGE)]}).encode()
    assert code(shared.put("v1", index, INDEX)) == "MANIFEST_BLOB_UNKNOWN"
    assert code(shared.put(sha256(b"other"), manifest())) == "DIGEST_INVALID"
    assert code(shared.put(sha512(b"other"), manifest())) == "DIGEST_INVALID"


@pytest.mark.parametrize("title", ["../../etc/passwd", "/etc/passwd", "a/../../b", "a\\b", "C:\\x", "", "a\0b", ".oci/manifest.json", ".oci", "a\nb", "%2e%2e/x", "x" * 5000])
def test_a_title_leads_nowhere(server, title):
    repository = Repository(server)
    for content in (EMPTY, b"layer"):
        repository.push_blob(content)
    text = manifest({**descriptor(b"layer"), "annotations": {"org.opencontainers.image.title": title}})
    assert repository.put("v1", text).status_code == 201
    files = {file["path"] for file in requests.get(f"{server.url}/api/v1/assets/artifact/weights/versions/1/files", timeout=60).json()["items"]}
    assert files == {".oci/manifest.json", ".oci/config.json", "layers/" + sha256(b"layer").replace(":", "-")}
    assert repository.get("v1").content == text


def test_the_bytes_of_a_manifest_stay_as_they_are(shared):
    shared.push_blob(EMPTY)
    text = manifest(annotations={"ü": "\u0007 \ud83d\ude00"}).replace(b'{"schemaVersion"', b'\n{ "schemaVersion"') + b"\n\n"
    assert shared.put("odd", text).status_code == 201
    assert shared.get("odd").content == text and shared.get("odd").headers["Docker-Content-Digest"] == sha256(text)


def test_mutated_manifests_end_in_an_answer(shared):
    """Random damage: each is taken byte for byte or refused, and the server goes on."""
    shared.push_blob(EMPTY)
    random.seed(7)
    good = manifest(EMPTY_CONFIG, annotations={"a": "b"}, subject=EMPTY_CONFIG)
    for _ in range(300):
        text = bytearray(good)
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(text))
            text[at:at + random.randint(0, 3)] = random.choice([b"", b"{", b"}", b"[", b"]", b'"', b",", b"\\", b"\0", b"9", b"null", b"\xc3", b"sha512:"])
        answer = shared.put("mutated", bytes(text))
        assert answer.status_code in (201, 400, 404), (bytes(text), answer.text)
        if answer.status_code == 201:
            assert shared.get(sha256(bytes(text))).content == bytes(text)
    assert shared.put("mutated", good).status_code == 201
