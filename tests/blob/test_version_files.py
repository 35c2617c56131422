"""The files of a version as a whole: what changed between two versions, and downloads as an archive."""
import io
import json
import os
import pathlib
import random
import subprocess
import tarfile
import urllib.error
import urllib.request
import zipfile

import pytest

from regesta_server import binary

WEIGHTS = random.Random(7).randbytes(1_500_000)
FIRST = {"model/weights.bin": WEIGHTS, "model/Größe 大小 🎉.txt": b"1\n", "a" * 120 + "/" + "b" * 120: b"long", "README.md": b"first\n", "old/empty": b""}
# A piece in the middle is replaced: most chunks of the file stay.
SECOND = {**FIRST, "model/weights.bin": WEIGHTS[:700_000] + b"changed" + WEIGHTS[700_010:], "new.txt": b"new\n"}
del SECOND["old/empty"]
VERSIONS = "/api/v1/assets/artifact/tree/versions"


def call(server, method, path, body=None, content=None):
    data = content if content is not None else json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(server.url + path, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"{}")


def get(server, path):
    with urllib.request.urlopen(server.url + path, timeout=60) as answer:
        return answer.headers, answer.read()


def register(server, files):
    named = [{"path": path, "digest": call(server, "PUT", "/api/v1/blobs", content=content)["digest"]} for path, content in files.items()]
    return call(server, "POST", VERSIONS, {"files": named})["version"]


@pytest.fixture
def tree(server):
    call(server, "POST", "/api/v1/assets", {"kind": "artifact", "name": "tree"})
    assert (register(server, FIRST), register(server, SECOND)) == (1, 2)
    return server


def regesta(server, *words):
    return subprocess.run([binary(), *words], env=os.environ | {"REGESTA_URL": server.url}, capture_output=True, text=True)


def test_a_diff_says_what_changed_and_what_is_stored_once(tree):
    diff = call(tree, "GET", f"{VERSIONS}/latest/diff?from=1")
    assert {name: diff[name] for name in ("from", "version", "added", "removed", "changed", "unchanged")} == {
        "from": 1, "version": 2, "added": 1, "removed": 1, "changed": 1, "unchanged": 3}
    weights, new, old = diff["items"]
    assert (weights["path"], weights["change"], weights["size_before"], weights["size"]) == (
        "model/weights.bin", "changed", 1_500_000, 1_499_997)
    assert 1_200_000 < weights["shared_bytes"] < 1_499_997
    assert (new["path"], new["change"], old["path"], old["change"]) == ("new.txt", "added", "old/empty", "removed")
    assert "digest_before" not in new and "digest" not in old


def test_a_diff_comes_in_pages(tree):
    first = call(tree, "GET", f"{VERSIONS}/2/diff?from=1&page_size=2")
    rest = call(tree, "GET", f"{VERSIONS}/2/diff?from=1&page_size=2&page_token={first['next_page_token']}")
    assert [item["path"] for item in first["items"] + rest["items"]] == ["model/weights.bin", "new.txt", "old/empty"]
    assert "next_page_token" not in rest


def test_the_command_line_compares_versions(tree):
    shown = regesta(tree, "version", "diff", "artifact/tree@1", "artifact/tree@2")
    assert shown.returncode == 0 and "model/weights.bin" in shown.stdout and "removed" in shown.stdout, shown
    assert regesta(tree, "version", "diff", "artifact/tree@1", "artifact/tree@1").stdout == "the versions have the same files\n"
    other = regesta(tree, "version", "diff", "artifact/other@1", "artifact/tree@1")
    assert other.returncode == 2 and "compare two versions of one asset" in other.stderr


def untar(content):
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


def unzip(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("form, unpack", [("tar", untar), ("zip", unzip)])
def test_a_version_is_downloaded_as_one_archive(tree, form, unpack):
    headers, content = get(tree, f"{VERSIONS}/1/download?format={form}")
    assert unpack(content) == FIRST
    assert f"tree-1.{form}" in headers["Content-Disposition"]
    assert get(tree, f"{VERSIONS}/1/download?format={form}")[1] == content, "the same version makes the same archive"


def test_a_folder_of_a_version_is_downloaded(tree):
    assert unzip(get(tree, f"{VERSIONS}/2/download?format=zip&path=model")[1]) == {
        path: content for path, content in SECOND.items() if path.startswith("model/")}


@pytest.mark.parametrize("query, status, words", [
    ("?format=rar", 400, "must be 'tar' or 'zip'"), ("?path=mod", 404, "no file or folder 'mod'"), ("?frmat=zip", 400, "frmat")])
def test_what_cannot_be_had_is_said(tree, query, status, words):
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(tree, f"{VERSIONS}/1/download{query}")
    assert refused.value.code == status and words in refused.value.read().decode()


def test_a_file_whose_bytes_are_damaged_breaks_the_download(tree):
    for pack in pathlib.Path(tree.data, "blobs/packs").rglob("*.pack"):
        damaged = bytearray(pack.read_bytes())
        damaged[len(damaged) // 3] ^= 1
        pack.write_bytes(damaged)
    with pytest.raises(Exception):  # noqa: B017  any failure will do, a complete archive will not
        unzip(get(tree, f"{VERSIONS}/2/download?format=zip")[1])


def test_the_command_line_writes_an_archive(tree, tmp_path):
    target = tmp_path / "tree.zip"
    wrote = regesta(tree, "version", "download", "artifact/tree@1", "--archive", "zip", "--output", str(target))
    assert wrote.returncode == 0, wrote
    assert unzip(target.read_bytes()) == FIRST
