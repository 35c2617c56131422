"""Who may do what, and that what is out of reach looks like what is not there."""

import hashlib
import os

import pytest
import requests
from huggingface_hub import CommitOperationAdd
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

SECRET = b"secret weights" * 1000


@pytest.fixture
def hubs(people):
    people.ask("POST", "/workspaces", {"name": "risk"})
    made = {
        "carl": people.hub("carl", {"role": "contributor", "workspace": "default"}),
        "rex": people.hub("rex", {"role": "reader", "workspace": "default"}),
        "tim": people.hub("tim", {"role": "contributor", "workspace": "default", "name_pattern": "team-*"}),
        "ria": people.hub("ria", {"role": "contributor", "workspace": "risk"}),
    }
    for name in ("default/m", "default/team-m"):
        made["carl"].api.create_repo(name)
        made["carl"].api.create_commit(name, [CommitOperationAdd("a.bin", SECRET + name.encode()), CommitOperationAdd("t.txt", b"t")], commit_message="x")
    return made


READS = [("GET", "/api/models/{}"), ("GET", "/api/models/{}/revision/main"), ("GET", "/api/models/{}/tree/main"), ("GET", "/api/models/{}/refs"),
         ("GET", "/api/models/{}/commits/main"), ("GET", "/api/models/{}/auth-check"), ("GET", "/{}/resolve/main/a.bin"), ("HEAD", "/{}/resolve/main/a.bin"),
         ("POST", "/api/models/{}/paths-info/main")]
WRITES = [("POST", "/api/models/{}/preupload/main"), ("POST", "/api/models/{}/commit/main"), ("POST", "/api/models/{}/branch/b"), ("DELETE", "/api/models/{}/branch/b"),
          ("POST", "/api/models/{}/tag/main"), ("DELETE", "/api/models/{}/tag/t"), ("PUT", "/api/models/{}/settings"), ("POST", "/{}.git/info/lfs/objects/verify"),
          ("PUT", "/{}.git/info/lfs/objects/" + "0" * 64)]


def shape(answer, repo):
    """What a caller sees of a refusal, apart from the name that they sent and the request's id."""
    headers = {name: value.replace(repo, "REPO") for name, value in answer.headers.items() if name.lower().startswith("x-error")}
    return answer.status_code, headers, answer.text.replace(repo, "REPO")


def test_out_of_reach_is_not_there(hubs):
    for method, path in READS + WRITES:
        body = None if method in ("GET", "HEAD") else b"{}"
        for who, hidden in (("ria", "default/m"), ("tim", "default/m"), ("carl", "risk/m"), ("carl", "nowhere/m")):
            missing = hidden.replace("/m", "/x") if hidden != "default/m" else "default/n"
            seen = shape(hubs[who].raw(method, path.format(hidden), data=body), hidden)
            assert seen == shape(hubs[who].raw(method, path.format(missing), data=body), missing), (who, method, path)
            assert seen[0] == 404 and seen[1].get("X-Error-Code") == "RepoNotFound", (who, method, path, seen)
    for who in ("ria", "tim"):
        with pytest.raises(RepositoryNotFoundError):
            hubs[who].api.model_info("default/m")
        with pytest.raises(RepositoryNotFoundError):
            hubs[who].api.delete_repo("default/m")


def test_readers_do_not_write(hubs):
    for method, path in READS:
        assert hubs["rex"].raw(method, path.format("default/m"), data=b"{}" if method == "POST" else None).status_code == 200, path
    for method, path in WRITES:
        answer = hubs["rex"].raw(method, path.format("default/m"), data=b"{}" if method != "DELETE" else None)
        assert answer.status_code == 403 and "contributor" in answer.headers["X-Error-Message"], (method, path, answer.text)
    for call in (lambda: hubs["rex"].api.create_repo("default/n"), lambda: hubs["rex"].api.delete_repo("default/m"), lambda: hubs["tim"].api.create_repo("default/other"),
                 lambda: hubs["ria"].api.create_repo("default/other"), lambda: hubs["carl"].api.create_repo("risk/other"),
                 lambda: hubs["tim"].api.move_repo("default/team-m", "default/m-of-team")):
        with pytest.raises(HfHubHTTPError) as fault:
            call()
        assert fault.value.response.status_code == 403
    assert hubs["carl"].files("default/m") == ["a.bin", "t.txt"]


def test_nobody(hubs):
    url = hubs["carl"].endpoint
    for method, path in READS + WRITES + [("GET", "/api/whoami-v2"), ("GET", "/api/models"), ("POST", "/api/repos/create")]:
        assert requests.request(method, url + path.format("default/m")).status_code == 401, path
    wrong = requests.get(f"{url}/api/models/default/m", headers={"Authorization": "Bearer hf_wrong"})
    assert wrong.status_code == 401 and wrong.headers["X-Error-Message"] == "Invalid credentials in Authorization header"


def test_lists_and_whoami(hubs):
    def listed(who, **options):
        return [model.id for model in hubs[who].api.list_models(**options)]

    assert listed("carl") == ["default/m", "default/team-m"] and listed("tim") == ["default/team-m"] and listed("ria") == []
    assert listed("ria", author="default") == []
    me = hubs["rex"].api.whoami()
    assert me["name"] == "rex" and [org["name"] for org in me["orgs"]] == ["default"] and me["auth"]["accessToken"]["role"] == "read"
    assert hubs["carl"].api.whoami()["auth"]["accessToken"]["role"] == "write"


def test_a_digest_gives_nobody_a_file(hubs):
    """A commit names uploaded files by SHA-256. Whoever knows the digest of a file out of reach must not get the file."""
    content = SECRET + b"default/m"
    oid = hashlib.sha256(content).hexdigest()

    def commit(who, repo, name):
        lines = '{"key":"header","value":{"summary":"x"}}\n{"key":"lfsFile","value":{"path":"%s","algo":"sha256","oid":"%s","size":%d}}\n' % (name, oid, len(content))
        return hubs[who].raw("POST", f"/api/models/{repo}/commit/main", data=lines)

    hubs["ria"].api.create_repo("risk/r")
    for who, repo in (("ria", "risk/r"), ("tim", "default/team-m")):
        answer = commit(who, repo, "stolen.bin")
        assert answer.status_code == 400 and "was not uploaded" in answer.text, (who, answer.text)
        asked = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": oid, "size": len(content)}]}
        batch = hubs[who].raw("POST", f"/{repo}.git/info/lfs/objects/batch", json=asked).json()
        assert "actions" in batch["objects"][0], "whether it is here must not show"
        asked["operation"] = "download"
        batch = hubs[who].raw("POST", f"/{repo}.git/info/lfs/objects/batch", json=asked).json()
        assert batch["objects"][0]["error"]["code"] == 404
        assert hubs[who].raw("GET", f"/{repo}.git/info/lfs/objects/{oid}").status_code == 404
        assert "stolen.bin" not in hubs[who].files(repo)
    assert commit("carl", "default/team-m", "ours.bin").status_code == 200, "who may read it may use it"
    hubs["tim"].put("default/team-m", "mine.bin", content)  # who has it may bring it
    assert "mine.bin" in hubs["tim"].files("default/team-m")


def test_upload_links(hubs, people):
    """An object comes without credentials; its link is good for that object, repository and person alone."""
    content = os.urandom(2000)
    oid = hashlib.sha256(content).hexdigest()
    asked = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": oid, "size": len(content)}]}
    batch = hubs["carl"].raw("POST", "/default/m.git/info/lfs/objects/batch", json=asked).json()
    link = batch["objects"][0]["actions"]["upload"]["href"]
    assert requests.put(link, data=b"other").status_code == 400
    for changed in (link.replace(oid, "0" * 64), link.replace("default/m.git", "default/team-m.git"), link.replace("grant=", "grant=x"), link[:-1],
                    link.replace("/hf/default", "/hf/datasets/default")):
        assert changed != link and requests.put(changed, data=content).status_code == 403, changed
    people.ask("DELETE", "/tokens/carl", None)
    assert requests.put(link, data=content).status_code == 403, "whoever lost the role lost the link"
    assert hubs["rex"].raw("POST", "/default/m.git/info/lfs/objects/batch", json=asked).status_code == 403
