"""Protected aliases: what the gate says reaches users of huggingface_hub, and nothing moves past it."""

import time

import pytest
import requests
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError

from conftest import Hub


@pytest.fixture
def anna(people):
    anna = people.hub("anna", {"role": "contributor"})
    anna.api.create_repo("default/m")
    anna.put("default/m", content=b"1", commit_message="WIP: first try")
    return anna


def approve(people, request):
    people.user("rita", {"role": "risk"})
    people.ask("POST", f"/change-requests/{request}/approve", {}, auth=("rita", "a long password"))


def test_a_protected_tag(people, anna):
    people.protect("production")
    with pytest.raises(HfHubHTTPError) as fault:
        anna.api.create_tag("default/m", tag="production")
    assert fault.value.response.status_code == 403
    assert "unfinished work" in str(fault.value) and "commit without WIP" in str(fault.value)
    assert anna.api.list_repo_refs("default/m").tags == []
    anna.put("default/m", "README.md", b"# m\n")
    with pytest.raises(HfHubHTTPError, match="risk approves") as fault:
        anna.api.create_tag("default/m", tag="production")
    requests = people.ask("GET", "/change-requests", None)["items"]
    assert len(requests) == 1 and f"/changes/{requests[0]['id']}" in str(fault.value)
    approve(people, requests[0]["id"])
    refs = anna.api.list_repo_refs("default/m")
    assert {ref.name: ref.target_commit for ref in refs.tags} == {"production": refs.branches[0].target_commit}
    with pytest.raises(HfHubHTTPError):
        anna.api.delete_tag("default/m", tag="production")
    assert [ref.name for ref in anna.api.list_repo_refs("default/m").tags] == ["production"]
    with pytest.raises(HfHubHTTPError):
        anna.api.delete_repo("default/m")
    assert anna.api.repo_exists("default/m")


def test_protected_main(people, anna):
    before = anna.api.model_info("default/m").sha
    people.protect("main")
    assert anna.api.model_info("default/m").sha == before, "what main pointed to stays"
    with pytest.raises(HfHubHTTPError) as fault:
        anna.put("default/m", "README.md", b"# m\n")
    assert fault.value.response.status_code == 403
    assert "version 2" in str(fault.value) and "risk approves" in str(fault.value)
    assert anna.api.model_info("default/m").sha == before and anna.files("default/m") == ["a.txt"]
    assert anna.files("default/m", "2") == ["README.md", "a.txt"], "the version can be looked at"
    with pytest.raises(HfHubHTTPError, match="version 2"):
        anna.put("default/m", "README.md", b"# m\n")  # the same again is the same version and request
    requests = people.ask("GET", "/change-requests", None)["items"]
    assert len(requests) == 1
    approve(people, requests[0]["id"])
    assert anna.files("default/m") == ["README.md", "a.txt"]
    assert [commit.title for commit in anna.api.list_repo_commits("default/m")][0].startswith("Upload README.md")


def test_main_protected_before_the_first_commit(people):
    people.protect("main")
    anna = people.hub("anna", {"role": "contributor"})
    anna.api.create_repo("default/m")
    with pytest.raises(HfHubHTTPError, match="unfinished work"):
        anna.put("default/m", commit_message="WIP")
    assert anna.files("default/m") == [], "what the gate refused is not what main gives"


def test_branches_are_free_while_main_is_not(people, anna):
    people.protect("main")
    anna.api.create_branch("default/m", branch="dev")
    anna.put("default/m", content=b"2", revision="dev", commit_message="WIP 2")
    assert anna.files("default/m", "dev") == ["a.txt"]
    people.ask("POST", "/policies/bindings", {"kind": "model", "name_pattern": "*", "pointer": "release", "policy": "gate"})
    with pytest.raises(HfHubHTTPError, match="unfinished work"):
        anna.api.create_branch("default/m", branch="release", revision="dev")
    assert [ref.name for ref in anna.api.list_repo_refs("default/m").branches] == ["main", "dev"]


def test_a_rename_under_a_protected_pattern(people, anna):
    people.protect("main", name_pattern="prod-*")
    with pytest.raises(HfHubHTTPError) as fault:
        anna.api.move_repo("default/m", "default/prod-m")
    assert fault.value.response.status_code == 403 and anna.api.repo_exists("default/m")


def test_quarantine(server):
    """What a scan found critical reaches nobody by a name: neither as the newest version, nor by committing it again."""
    hub = Hub(server)
    hostile = b"cos\nsystem\n(S'true'\ntR."

    def scanned(number):
        deadline = time.monotonic() + 60
        while not hub.ok("GET", f"/assets/model/m/versions/{number}").get("quarantine"):
            assert time.monotonic() < deadline, "the scanner found nothing"
            time.sleep(0.05)

    hub.api.create_repo("default/m")
    digest = requests.put(f"{server.url}/api/v1/blobs", data=hostile).json()["digest"]
    hub.ok("POST", "/assets/model/m/versions", {"files": [{"path": "model.pkl", "digest": digest}]})
    scanned(1)
    for call in (lambda: hub.api.model_info("default/m"), lambda: hf_hub_download("default/m", "model.pkl", endpoint=hub.endpoint, token=False)):
        with pytest.raises(HfHubHTTPError, match="quarantine"):
            call()
    good = hub.put("default/m", "model.pkl", b"N.", commit_message="harmless").oid
    assert hub.api.model_info("default/m").sha == good
    bad = hub.put("default/m", "model.pkl", hostile, commit_message="again").oid
    scanned(3)
    with pytest.raises(HfHubHTTPError, match="quarantine"):
        hub.api.model_info("default/m")
    assert hub.files("default/m", bad) == ["model.pkl"], "it can be looked at by its id"
    hub.ok("PUT", "/assets/model/m/aliases/main", {"version": 2})
    with pytest.raises(HfHubHTTPError, match="quarantine"):
        hub.put("default/m", "model.pkl", hostile, commit_message="again")
    assert hub.api.model_info("default/m").sha == good
    with pytest.raises(HfHubHTTPError, match="quarantine"):
        hub.api.create_tag("default/m", tag="best", revision="3")
