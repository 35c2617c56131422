"""Repositories, files, commits, branches and tags, with huggingface_hub."""

import hashlib
import os
import pathlib
import threading

import pytest
import requests
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    ModelCard,
    hf_hub_download,
    snapshot_download,
)
from huggingface_hub.errors import (
    BadRequestError,
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)


def download(hub, repo, path, tmp_path, **options):
    return pathlib.Path(hf_hub_download(repo, path, endpoint=hub.endpoint, cache_dir=tmp_path / "cache", token=False, **options))


def snapshot(hub, repo, tmp_path, **options):
    return pathlib.Path(snapshot_download(repo, endpoint=hub.endpoint, cache_dir=tmp_path / "cache", token=False, **options))


def test_a_file_goes_up_and_comes_back(hub, repo, tmp_path):
    made = hub.put(repo, "notes/a.txt", b"hello", commit_message="First file", commit_description="More words")
    assert made.oid == hub.api.model_info(repo).sha and len(made.oid) == 40
    path = download(hub, repo, "notes/a.txt", tmp_path)
    assert path.read_bytes() == b"hello"
    blobs = tmp_path / "cache" / f"models--{repo.replace('/', '--')}" / "blobs"
    assert [blob.name for blob in blobs.iterdir()] == [hashlib.sha256(b"hello").hexdigest()]
    assert path.parts[-3] == made.oid
    commits = hub.api.list_repo_commits(repo)
    assert [(commit.title, commit.message) for commit in commits] == [("First file", "More words"), ("Initial commit", "")]
    version = hub.ok("GET", f"/assets/model/{repo.split('/')[1]}/versions/1")
    assert version["description"] == "First file\n\nMore words" and version["aliases"] == ["main"] and version["content_state"] == "stored"


def test_create_repo(hub, repo):
    with pytest.raises(HfHubHTTPError) as fault:
        hub.api.create_repo(repo)
    assert fault.value.response.status_code == 409
    assert hub.api.create_repo(repo, exist_ok=True).repo_id == repo
    assert hub.api.create_repo(repo + "-p", private=True).repo_id == repo + "-p"
    assert hub.api.create_repo("no-namespace-" + repo[-5:]).repo_id == "default/no-namespace-" + repo[-5:]
    assert hub.api.create_repo(repo, repo_type="dataset").repo_id == repo
    with pytest.raises(BadRequestError, match="Spaces"):
        hub.api.create_repo(repo, repo_type="space", space_sdk="static")
    with pytest.raises(BadRequestError, match="roles"):
        hub.api.update_repo_settings(repo, private=False)
    hub.ok("POST", "/assets", {"kind": "prompt", "name": "prompt-" + repo[-5:]})
    with pytest.raises(BadRequestError, match="taken by a prompt"):
        hub.api.create_repo("default/prompt-" + repo[-5:], exist_ok=True)


def test_names_without_a_namespace(hub, repo, tmp_path):
    hub.put(repo)
    name = repo.split("/")[1]
    assert hub.api.model_info(name).id == repo
    assert download(hub, name, "a.txt", tmp_path).read_bytes() == b"hello"
    assert (snapshot(hub, name, tmp_path, revision="1") / "a.txt").read_bytes() == b"hello"


def test_an_empty_repository(hub, repo, tmp_path):
    info = hub.api.model_info(repo)
    assert len(info.sha) == 40 and info.siblings == [] and info.private
    assert hub.files(repo) == [] and not list(snapshot(hub, repo, tmp_path).glob("*"))
    made = hub.put(repo, parent_commit=info.sha)
    assert made.oid != info.sha
    with pytest.raises(EntryNotFoundError):
        download(hub, repo, "a.txt", tmp_path, revision=info.sha)


def test_delete_and_move(hub, repo, tmp_path):
    hub.put(repo)
    other = repo + "-moved"
    before = hub.api.model_info(repo).sha
    hub.api.move_repo(repo, other)
    assert hub.api.model_info(other).sha == before and download(hub, other, "a.txt", tmp_path).read_bytes() == b"hello"
    with pytest.raises(RepositoryNotFoundError):
        hub.api.model_info(repo)
    hub.api.delete_repo(other)
    assert not hub.api.repo_exists(other)
    hub.api.delete_repo(other, missing_ok=True)
    hub.api.create_repo(other)
    assert hub.api.model_info(other).sha != before


def test_a_folder_with_large_files(hub, repo, folder, tmp_path):
    files = {f"data/{i:03}.txt": f"row {i}\n".encode() for i in range(150)}
    files |= {"model.bin": os.urandom(3_000_000), "empty": b"", "weights/a b ü.bin": b"\0\1\2" * 1000, "README.md": b"---\nlicense: mit\n---\n# Hi\n"}
    hub.api.upload_folder(folder_path=folder(files), repo_id=repo, commit_message="All")
    got = snapshot(hub, repo, tmp_path)
    assert {str(path.relative_to(got)): path.read_bytes() for path in got.rglob("*") if path.is_file()} == files
    entries = {entry.path: entry for entry in hub.api.list_repo_tree(repo, recursive=True)}
    assert entries["model.bin"].lfs.sha256 == hashlib.sha256(files["model.bin"]).hexdigest() and entries["model.bin"].size == 3_000_000
    assert {"data", "weights"} <= set(entries)
    assert {entry.path for entry in hub.api.list_repo_tree(repo)} == {"data", "weights", "README.md", "empty", "model.bin"}
    assert [entry.path for entry in hub.api.list_repo_tree(repo, "weights")] == ["weights/a b ü.bin"]
    head = hub.api.model_info(repo).sha
    again = hub.api.upload_folder(folder_path=folder(files), repo_id=repo, commit_message="Again")
    assert again.oid == head, "nothing changed, so there is no other commit"
    # A second download has all the contents already.
    local = pathlib.Path(snapshot_download(repo, endpoint=hub.endpoint, local_dir=tmp_path / "local", token=False))
    assert (local / "model.bin").read_bytes() == files["model.bin"]
    assert hub.api.verify_repo_checksums(repo, local_dir=local).mismatches == []


def test_the_tree_in_pages(hub, repo):
    hub.api.create_commit(repo, [CommitOperationAdd(f"f{i:04}.txt", b"%d" % i) for i in range(120)], commit_message="many")
    hub.put(repo, "f0007.txt", b"other", commit_message="one")
    seen = []
    url = f"{hub.endpoint}/api/models/{repo}/tree/main?limit=50"
    while url:
        answer = requests.get(url)
        seen += [entry["path"] for entry in answer.json()]
        url = answer.links.get("next", {}).get("url")
    assert seen == [f"f{i:04}.txt" for i in range(120)]
    last = {entry.path: entry.last_commit.title for entry in hub.api.list_repo_tree(repo, expand=True)}
    assert last["f0007.txt"] == "one" and last["f0008.txt"] == "many" and len(last) == 120
    infos = hub.api.get_paths_info(repo, ["f0007.txt", "nothing", "f0001.txt"], expand=True)
    assert [info.path for info in infos] == ["f0007.txt", "f0001.txt"] and infos[0].last_commit.title == "one"


def test_commits_change_delete_and_copy(hub, repo, tmp_path):
    big = os.urandom(2_000_000)
    first = hub.api.create_commit(repo, [CommitOperationAdd("a/1.txt", b"1"), CommitOperationAdd("a/2.bin", big), CommitOperationAdd("b.txt", b"b")], commit_message="one")
    second = hub.api.create_commit(repo, [CommitOperationDelete("b.txt"), CommitOperationCopy("a/2.bin", "c.bin"), CommitOperationCopy("a/1.txt", "d.txt")], commit_message="two")
    assert hub.files(repo) == ["a/1.txt", "a/2.bin", "c.bin", "d.txt"]
    assert download(hub, repo, "c.bin", tmp_path).read_bytes() == big
    hub.api.delete_folder("a", repo)
    assert hub.files(repo) == ["c.bin", "d.txt"]
    assert hub.files(repo, first.oid) == ["a/1.txt", "a/2.bin", "b.txt"] and hub.files(repo, second.oid[:40]) == ["a/1.txt", "a/2.bin", "c.bin", "d.txt"]
    with pytest.raises(EntryNotFoundError, match="trailing '/'"):
        hub.api.create_commit(repo, [CommitOperationDelete("gone")], commit_message="x")
    with pytest.raises(HfHubHTTPError) as fault:
        hub.api.create_commit(repo, [CommitOperationAdd("e", b"e")], commit_message="late", parent_commit=first.oid)
    assert fault.value.response.status_code == 412 and "commit again" in str(fault.value)
    with pytest.raises(RevisionNotFoundError):
        hub.put(repo, revision="no-such-branch")
    hub.api.delete_files(repo, ["*.bin", "*.txt"])
    assert hub.files(repo) == []


def test_branches_and_tags(hub, repo, tmp_path):
    first = hub.put(repo, content=b"1").oid
    hub.api.create_branch(repo, branch="dev")
    second = hub.put(repo, content=b"2", revision="dev").oid
    third = hub.put(repo, content=b"3").oid
    hub.api.create_tag(repo, tag="best", tag_message="Looks good", revision="dev")
    hub.api.create_tag(repo, tag="v1.0-rc", revision=first)
    refs = hub.api.list_repo_refs(repo)
    assert {ref.name: ref.target_commit for ref in refs.branches} == {"main": third, "dev": second}
    assert {ref.name: ref.target_commit for ref in refs.tags} == {"best": second, "v1.0-rc": first}
    for revision, content in {"main": b"3", "dev": b"2", "best": b"2", "v1.0-rc": b"1", first: b"1", "1": b"1", "3": b"3", "refs/heads/dev": b"2"}.items():
        assert download(hub, repo, "a.txt", tmp_path, revision=revision).read_bytes() == content, revision
    assert [commit.commit_id for commit in hub.api.list_repo_commits(repo)][:2] == [third, first]
    assert [commit.commit_id for commit in hub.api.list_repo_commits(repo, revision="dev")][:2] == [second, first]
    with pytest.raises(HfHubHTTPError) as fault:
        hub.api.create_tag(repo, tag="best")
    assert fault.value.response.status_code == 409
    hub.api.create_tag(repo, tag="best", exist_ok=True)
    hub.api.create_branch(repo, branch="dev", exist_ok=True)
    with pytest.raises(BadRequestError, match="commit to a branch"):
        hub.put(repo, content=b"x", revision="best")
    for name in ("latest", "v1", "1.2.3", "a b", "x/y"):
        with pytest.raises(BadRequestError, match="alias"):
            hub.api.create_tag(repo, tag=name)
    with pytest.raises(BadRequestError, match="main"):
        hub.api.delete_branch(repo, branch="main")
    hub.api.delete_tag(repo, tag="best")
    hub.api.delete_branch(repo, branch="dev")
    with pytest.raises(RevisionNotFoundError):
        hub.files(repo, "dev")
    with pytest.raises(RevisionNotFoundError):
        hub.api.delete_tag(repo, tag="best")
    assert hub.files(repo, second) == ["a.txt"], "the version stays"


def test_a_branch_of_an_empty_repository(hub, repo):
    hub.api.create_branch(repo, branch="dev")
    hub.put(repo, content=b"dev", revision="dev")
    assert hub.files(repo) == [] and hub.files(repo, "dev") == ["a.txt"]


def test_versions_that_others_registered(hub, repo, tmp_path):
    name = repo.split("/")[1]

    def register(content):
        digest = requests.put(f"{hub.server.url}/api/v1/blobs", data=content).json()["digest"]
        return hub.ok("POST", f"/assets/model/{name}/versions", {"files": [{"path": "model.pkl", "digest": digest}]})["version"]

    register(b"one")
    register(b"two")
    hub.ok("PUT", f"/assets/model/{name}/aliases/champion", {"version": 1})
    assert snapshot(hub, repo, tmp_path).joinpath("model.pkl").read_bytes() == b"two"
    for revision in ("champion", "1", hub.api.model_info(repo, revision="1").sha):
        assert snapshot(hub, repo, tmp_path, revision=revision).joinpath("model.pkl").read_bytes() == b"one"
    hub.put(repo, "extra.txt")
    assert hub.files(repo) == ["extra.txt", "model.pkl"]
    register(b"three")
    assert download(hub, repo, "model.pkl", tmp_path).read_bytes() == b"two", "main is an alias from the first commit on"
    assert download(hub, repo, "model.pkl", tmp_path, revision="4").read_bytes() == b"three"


def test_two_commits_at_once(hub, repo):
    hub.put(repo)
    faults = []

    def commit(i):
        try:
            hub.put(repo, f"{i}.txt", b"%d" % i)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=commit, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults and hub.files(repo) == sorted([f"{i}.txt" for i in range(8)] + ["a.txt"])
    head = hub.api.model_info(repo).sha
    results = []

    def claim(i):
        try:
            results.append(hub.put(repo, "same.txt", b"%d" % i, parent_commit=head).oid)
        except HfHubHTTPError as fault:
            results.append(fault.response.status_code)

    threads = [threading.Thread(target=claim, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(map(str, results)).count("412") == 3 and hub.api.model_info(repo).sha in results


def test_cards_and_lists(hub, tmp_path):
    prefix = f"list-{os.getpid()}-{tmp_path.name[-8:].strip('_')}"
    for i in range(7):
        repo = f"default/{prefix}-{i}"
        hub.api.create_repo(repo)
        card = ModelCard(f"---\nlicense: mit\ntags:\n- tabular\n- t{i % 2}\npipeline_tag: text-classification\nlibrary_name: sklearn\n---\n# Model {i}\n")
        hub.put(repo, "README.md", str(card).encode())
    info = hub.api.model_info(f"default/{prefix}-1")
    assert info.card_data.license == "mit" and info.pipeline_tag == "text-classification" and info.library_name == "sklearn"
    assert {"tabular", "t1", "license:mit"} <= set(info.tags)
    ids = [model.id for model in hub.api.list_models(search=prefix)]
    assert ids == [f"default/{prefix}-{i}" for i in range(7)]
    assert [model.id for model in hub.api.list_models(author="default", search=prefix, filter="t1")] == [f"default/{prefix}-{i}" for i in (1, 3, 5)]
    assert [model.id for model in hub.api.list_models(search=prefix, limit=3)] == ids[:3]
    seen, url = [], f"{hub.endpoint}/api/models?search={prefix}&limit=3"
    while url:
        answer = requests.get(url)
        assert len(answer.json()) <= 3
        seen += [model["id"] for model in answer.json()]
        url = answer.links.get("next", {}).get("url")
    assert seen == ids and list(hub.api.list_models(author="nowhere")) == []
    with pytest.raises(ValueError, match="Invalid metadata"):
        hub.put(repo, "README.md", b"---\ntags: [a\n---\n")
    assert hub.api.model_info(repo).card_data.license == "mit"

