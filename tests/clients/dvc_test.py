"""The unmodified dvc program against /dvc/{workspace}: push, pull, fetch, status, get and import."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
import requests

from regesta_server import Server, binary

PASSWORD = "a long password"
# Beside the interpreter that runs the tests; REGESTA_DVC names another one.
DVC = os.environ.get("REGESTA_DVC") or str(pathlib.Path(sys.executable).with_name("dvc"))


class Project:
    """A Git repository with DVC in it."""

    def __init__(self, folder, remote=None):
        self.folder = folder
        self.folder.mkdir()
        self.environment = {
            "PATH": f"{pathlib.Path(DVC).parent}:{os.environ['PATH']}", "HOME": str(folder.parent), "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(folder.parent / "site"), "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org", "DO_NOT_TRACK": "1"}
        self.run("git", "init", "-q", ".")
        self.dvc("init", "-q")
        self.dvc("config", "core.check_update", "false")
        if remote:
            self.dvc("remote", "add", "-d", "regesta", remote)

    def run(self, *words, fails=False):
        got = subprocess.run(list(map(str, words)), cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=180)
        assert (got.returncode != 0) == fails, got.stdout + got.stderr
        return got.stdout + got.stderr

    def dvc(self, *words, fails=False):
        return self.run(DVC, *words, fails=fails)

    def forget(self, *paths):
        """Loses the cache and these files, as a fresh clone has neither."""
        shutil.rmtree(self.folder / ".dvc" / "cache", ignore_errors=True)
        for path in paths:
            target = self.folder / path
            shutil.rmtree(target) if target.is_dir() else target.unlink()

    def commit(self):
        self.run("git", "add", "-A")
        self.run("git", "commit", "-q", "-m", "data")


def md5(content):
    return hashlib.md5(content).hexdigest()


def place(server, digest, suffix="", workspace="default"):
    return f"{server.url}/dvc/{workspace}/files/md5/{digest[:2]}/{digest[2:]}{suffix}"


def test_a_dataset_goes_up_and_comes_back(server, tmp_path):
    project = Project(tmp_path / "p", f"{server.url}/dvc/default")
    big = os.urandom(3_000_000)
    (project.folder / "table.csv").write_text("a,b\n1,2\n")
    (project.folder / "images" / "cats").mkdir(parents=True)
    (project.folder / "images" / "big.bin").write_bytes(big)
    (project.folder / "images" / "cats" / "empty").write_bytes(b"")
    project.dvc("add", "-q", "table.csv", "images")
    assert "new:" in project.dvc("status", "-c")
    assert "pushed" in project.dvc("push")
    assert "up to date" in project.dvc("push") and "in sync" in project.dvc("status", "-c")
    assert requests.get(place(server, md5(big))).content == big
    project.forget("table.csv", "images")
    project.dvc("fetch")
    project.dvc("pull")
    assert (project.folder / "images" / "big.bin").read_bytes() == big
    assert (project.folder / "images" / "cats" / "empty").read_bytes() == b""
    assert (project.folder / "table.csv").read_text() == "a,b\n1,2\n"

    # Another project takes it from there, once and as an import that it can update.
    project.commit()
    other = Project(tmp_path / "q")
    other.dvc("get", project.folder, "table.csv")
    other.dvc("import", project.folder, "images")
    assert (other.folder / "images" / "big.bin").read_bytes() == big
    assert (other.folder / "table.csv").read_text() == "a,b\n1,2\n"


def test_put_is_taken_as_well_as_post(server, tmp_path):
    project = Project(tmp_path / "p", f"{server.url}/dvc/default")
    project.dvc("remote", "modify", "regesta", "method", "PUT")
    (project.folder / "a").write_text("one")
    project.dvc("add", "-q", "a")
    project.dvc("push")
    assert requests.get(place(server, md5(b"one"))).text == "one"


def test_basic_and_token_credentials(server, tmp_path):
    requests.post(f"{server.url}/api/v1/users", json={"name": "root", "password": PASSWORD}).raise_for_status()
    root = requests.Session()
    root.auth = ("root", PASSWORD)
    token = root.post(f"{server.url}/api/v1/tokens", json={"name": "ci", "grants": [{"role": "contributor"}]}).json()["token"]
    project = Project(tmp_path / "p", f"{server.url}/dvc/default")
    (project.folder / "a").write_text("secret rows")
    project.dvc("add", "-q", "a")
    assert "401" in project.dvc("push", fails=True)

    settings = ("remote", "modify", "--local", "regesta")
    project.dvc(*settings, "auth", "custom")
    project.dvc(*settings, "custom_auth_header", "Authorization")
    project.dvc(*settings, "password", f"Bearer {token}")
    project.dvc("push")
    project.forget("a")
    for name, value in (("auth", "basic"), ("user", "root"), ("password", PASSWORD)):
        project.dvc(*settings, name, value)
    project.dvc("pull")
    assert (project.folder / "a").read_text() == "secret rows"


def test_a_pushed_dataset_becomes_a_version(server, tmp_path):
    project = Project(tmp_path / "p", f"{server.url}/dvc/default")
    (project.folder / "images" / "cats").mkdir(parents=True)
    (project.folder / "images" / "cats" / "1.bin").write_bytes(b"cat")
    (project.folder / "images" / "none").write_bytes(b"")
    (project.folder / "loans.csv").write_text("a,b\n1,2\n")
    project.dvc("add", "-q", "images", "loans.csv")
    project.environment["REGESTA_URL"] = server.url
    add = (binary(), "dataset", "add", "loans", "--dvc")
    assert "dvc push" in project.run(*add, "images.dvc", fails=True)
    project.dvc("push")
    assert "dataset/loans@1" in project.run(*add, "images.dvc", "--semver", "1.0.0")
    assert "dataset/loans@2" in project.run(*add, "loans.csv.dvc")
    files = requests.get(f"{server.url}/api/v1/assets/dataset/loans/versions/1/files").json()["items"]
    assert {file["path"]: file["digest"] for file in files} == {
        "images/cats/1.bin": hashlib.sha256(b"cat").hexdigest(), "images/none": hashlib.sha256(b"").hexdigest()}
    server.settle()
    entries = requests.get(f"{server.url}/api/v1/ledger/entries?action=version.*").json()["items"]
    assert {entry["body"]["subject"] for entry in entries} == {"dataset/loans@1", "dataset/loans@2"}


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_content_of_another_digest_is_refused_and_not_stored(server, method):
    answer = requests.request(method, place(server, md5(b"right")), data=iter([b"wrong"]))
    assert answer.status_code == 400 and md5(b"wrong") in answer.text, answer.text
    for content in (b"right", b"wrong"):
        assert requests.get(place(server, md5(content))).status_code == 404


def test_a_folder_list_appears_after_its_files(server):
    files = {"a": b"file a", "b/c": b"file c"}
    text = json.dumps([{"md5": md5(content), "relpath": path} for path, content in files.items()]).encode()
    at = place(server, md5(text), ".dir")
    requests.post(place(server, md5(files["a"])), data=files["a"]).raise_for_status()
    early = requests.post(at, data=text)
    assert early.status_code == 409 and md5(files["b/c"]) in early.text, early.text
    assert requests.get(at).status_code == 404
    requests.post(place(server, md5(files["b/c"])), data=files["b/c"]).raise_for_status()
    assert requests.post(at, data=text).status_code == 201
    assert requests.get(at).content == text


@pytest.mark.parametrize("text", [
    "", "{}", "[1]", "[[]]", "[{}]", '[{"md5": "x", "relpath": "a"}]', "[] []", '[{"md5": {}, "relpath": "a"}]', "[", "\x00",
    '[{"md5": "d41d8cd98f00b204e9800998ecf8427e", "relpath": "../../.bashrc"}]',
    '[{"md5": "d41d8cd98f00b204e9800998ecf8427e", "relpath": "/etc/passwd"}]',
    '[{"md5": "d41d8cd98f00b204e9800998ecf8427e", "relpath": ""}]',
])
def test_a_folder_list_that_is_none_is_refused(server, text):
    requests.post(place(server, md5(b"")), data=b"").raise_for_status()
    at = place(server, md5(text.encode()), ".dir")
    answer = requests.post(at, data=text.encode())
    assert answer.status_code == 400, answer.text
    assert requests.get(at).status_code == 404


def test_an_interrupted_upload_leaves_nothing(tmp_path):
    server = Server(tmp_path / "data").start()
    content = os.urandom(2_000_000)

    def broken():
        yield content[:1_000_000]
        raise ConnectionAbortedError

    with pytest.raises((requests.exceptions.RequestException, ConnectionAbortedError)):
        requests.post(place(server, md5(content)), data=broken())
    assert requests.get(place(server, md5(content))).status_code == 404
    requests.post(place(server, md5(content)), data=content).raise_for_status()
    assert server.stop() == 0


def test_artifacts_get_downloads_what_a_stage_points_to(server, tmp_path):
    """DVC takes the server for DVC Studio: no Git repository, no remote, no credentials of a store."""
    requests.post(f"{server.url}/api/v1/users", json={"name": "root", "password": PASSWORD}).raise_for_status()
    root = requests.Session()
    root.auth = ("root", PASSWORD)

    def version(number, kind="model", name="loan-risk"):
        files = []
        for path, content in (("model.bin", os.urandom(100_000) + str(number).encode()), ("conf/a b.json", b"{}"), ("conf/empty", b"")):
            stored = root.put(f"{server.url}/api/v1/blobs", data=content)
            files.append({"path": path, "digest": stored.json()["digest"]})
        root.post(f"{server.url}/api/v1/assets", json={"kind": kind, "name": name})
        root.post(f"{server.url}/api/v1/assets/{kind}/{name}/versions", json={"files": files, "semver": f"{number}.0.0"}).raise_for_status()
        return files

    first, second = version(1), version(2)
    root.put(f"{server.url}/api/v1/assets/model/loan-risk/aliases/prod", json={"version": 1}).raise_for_status()
    token = root.post(f"{server.url}/api/v1/tokens", json={"name": "reader", "grants": [{"role": "reader", "name_pattern": "loan-*"}]}).json()["token"]
    project = Project(tmp_path / "p")
    project.environment |= {"DVC_STUDIO_URL": server.url, "DVC_STUDIO_TOKEN": token}

    def digests(folder):
        return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}

    for words, files in ((("--stage", "prod"), first), (("--rev", "v2.0.0"), second), (("--rev", "1"), first), ((), second)):
        out = project.folder / f"out{len(list(project.folder.iterdir()))}"
        project.dvc("artifacts", "get", "https://git.example.org/x.git", "loan-risk", "--out", out, *words)
        assert digests(out) == {file["path"]: file["digest"] for file in files}, words
    assert "overr" in project.dvc("artifacts", "get", "x", "loan-risk", "--out", out, fails=True)

    # The other kind of that name: both can be asked for. The workspace can be in the URL.
    version(1, "dataset")
    project.environment["DVC_STUDIO_URL"] = f"{server.url}/dvc/default/"
    project.dvc("artifacts", "get", "x", "dataset:loan-risk", "--out", project.folder / "data")
    assert digests(project.folder / "data")
    for name in ("loan-risk", "secret", "loan-none"):
        project.dvc("artifacts", "get", str(project.folder), name, "--out", project.folder / "none", fails=True)
    assert not (project.folder / "none").exists()
