"""The unmodified git-lfs program: push, pull and locks, with lfs.url and through the Git remote of prompts."""

import hashlib
import os
import subprocess

import pytest
import requests

PASSWORD = "a long password"
JSON = {"Accept": "application/vnd.git-lfs+json", "Content-Type": "application/vnd.git-lfs+json"}


class Clone:
    def __init__(self, folder, person="a"):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), "GIT_TERMINAL_PROMPT": "0",
                            "GIT_AUTHOR_NAME": person, "GIT_AUTHOR_EMAIL": "a@example.org",
                            "GIT_COMMITTER_NAME": person, "GIT_COMMITTER_EMAIL": "a@example.org"}

    def git(self, *words, fails=False):
        got = subprocess.run(["git", *map(str, words)], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120)
        assert (got.returncode != 0) == fails, got.stdout + got.stderr
        return got.stdout + got.stderr

    def add(self, name, content):
        self.git("lfs", "install", "--local")
        self.git("lfs", "track", "*.bin")
        (self.folder / name).write_bytes(content)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "data")


def oid(content):
    return hashlib.sha256(content).hexdigest()


def batch(url, operation, *objects, **more):
    return requests.post(f"{url}/objects/batch", headers=JSON, json={"operation": operation, "transfers": ["basic"], "objects": list(objects), **more})


def test_files_go_up_and_come_back(server, tmp_path):
    content = os.urandom(2_000_000)
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", remote], check=True)
    first = Clone(tmp_path / "first")
    first.git("init", "-q", "-b", "main", ".")
    first.git("config", "lfs.url", f"{server.url}/lfs/default")
    first.add("model.bin", content)
    first.git("remote", "add", "origin", remote)
    first.git("push", "origin", "main")
    assert requests.get(f"{server.url}/lfs/default/objects/{oid(content)}").content == content
    second = Clone(tmp_path / "second")
    second.git("clone", "-q", "--no-checkout", remote, ".")
    second.git("lfs", "install", "--local")
    second.git("config", "lfs.url", f"{server.url}/lfs/default")
    second.git("checkout", "main")
    assert (second.folder / "model.bin").read_bytes() == content


def test_the_git_remote_of_prompts_takes_large_files(server, tmp_path):
    content = os.urandom(300_000)
    first = Clone(tmp_path / "first")
    first.git("clone", "-q", f"{server.url}/git/prompts.git", ".")
    first.add("weights.bin", content)
    first.git("push", "origin", "HEAD:main")
    second = Clone(tmp_path / "second")
    second.git("-c", "filter.lfs.smudge=git-lfs smudge -- %f", "-c", "filter.lfs.required=true", "clone", "-q", f"{server.url}/git/prompts.git", ".")
    assert (second.folder / "weights.bin").read_bytes() == content


def test_locks(server, tmp_path):
    requests.post(f"{server.url}/api/v1/users", json={"name": "root", "password": PASSWORD}).raise_for_status()
    for name in ("carl", "dora"):
        requests.post(f"{server.url}/api/v1/users", auth=("root", PASSWORD),
                      json={"name": name, "password": PASSWORD, "grants": [{"role": "contributor"}]}).raise_for_status()
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", remote], check=True)
    people = {}
    for name in ("root", "carl", "dora"):
        clone = people[name] = Clone(tmp_path / name, name)
        clone.git("init", "-q", "-b", "main", ".")
        clone.git("remote", "add", "origin", remote)
        clone.git("config", "lfs.url", f"{server.url.replace('//', f'//{name}:' + PASSWORD.replace(' ', '%20') + '@')}/lfs/default")
        clone.git("lfs", "install", "--local")
    carl, dora, root = people["carl"], people["dora"], people["root"]
    carl.add("model.bin", b"one")
    assert "Locked model.bin" in carl.git("lfs", "lock", "model.bin")
    assert "already" in dora.git("lfs", "lock", "model.bin", fails=True)
    assert "carl" in dora.git("lfs", "locks")
    carl.git("config", "lfs.locksverify", "true")
    carl.git("push", "origin", "main")
    dora.git("pull", "-q", "origin", "main")
    dora.git("config", "lfs.locksverify", "true")
    dora.add("model.bin", b"two")
    assert "carl" in dora.git("push", "origin", "main", fails=True)
    assert "admin" in dora.git("lfs", "unlock", "--force", "model.bin", fails=True)
    root.git("lfs", "unlock", "--force", "--id", requests.get(f"{server.url}/lfs/default/locks", auth=("root", PASSWORD)).json()["locks"][0]["id"])
    dora.git("push", "origin", "main")
    assert "Locked" in dora.git("lfs", "lock", "model.bin")
    assert "Unlocked" in dora.git("lfs", "unlock", "model.bin")


def test_batch_answers(shared_server):
    url = f"{shared_server.url}/lfs/default"
    content = b"here"
    there, missing = {"oid": oid(content), "size": len(content)}, {"oid": oid(b"missing"), "size": 7}
    upload = batch(url, "upload", there).json()["objects"][0]["actions"]
    assert requests.put(upload["upload"]["href"], data=content).status_code == 200
    assert requests.post(upload["verify"]["href"], json=there).status_code == 200
    assert requests.post(upload["verify"]["href"], json={**there, "size": 5}).status_code == 422
    assert requests.post(upload["verify"]["href"], json=missing).status_code == 404
    assert "actions" not in batch(url, "upload", there).json()["objects"][0]
    got = batch(url, "download", there, missing, {"oid": "x", "size": 1}, {"oid": oid(b"y"), "size": -1}, {**there, "size": 9}).json()["objects"]
    assert requests.get(got[0]["actions"]["download"]["href"]).content == content
    assert [item["error"]["code"] for item in got[1:]] == [404, 422, 422, 422]
    part = requests.get(got[0]["actions"]["download"]["href"], headers={"Range": "bytes=2-"})
    assert part.status_code == 206 and part.content == b"re"
    assert batch(url, "upload", {"oid": oid(b""), "size": 0}).json()["objects"][0]["actions"]
    assert batch(url, "download", there, hash_algo="sha512").status_code == 409
    assert batch(url, "download", there, transfers=["tus"]).status_code == 422
    assert batch(url, "sideload", there).status_code == 422
    refused = batch(url, "download", *[missing] * 1001)
    assert refused.status_code == 413 and "1000" in refused.json()["message"]
    assert refused.headers["Content-Type"] == JSON["Accept"]


@pytest.mark.parametrize("content", [b"wrong", b""])
def test_content_of_another_digest_is_refused(shared_server, content):
    url = f"{shared_server.url}/lfs/default"
    answer = requests.put(f"{url}/objects/{oid(b'right')}", data=iter([content]))
    assert answer.status_code == 422 and oid(content) in answer.json()["message"], answer.text
    for each in (b"right", b"wrong", b""):
        assert requests.get(f"{url}/objects/{oid(each)}").status_code == 404
