"""Attacks on what people approve when they approve an artifact of W&B's clients: who made it, and what it consists of."""

import base64
import hashlib
import json
import sqlite3
import urllib.parse

import pytest
from wandb_calls import graphql, link, linked, log_artifact, md5_text, mutation, upload

from conftest import FOUR_EYES
from gate import request_for
from regesta_server import eventually

# Shows the candidate to whoever reads the requirement.
SHOWS = """package regesta.gate
require contains {"code": "risk", "msg": json.marshal(input.candidate.content), "approvals": {"role": "risk", "count": 1}}
"""


def version(house, kind, name, number=1):
    return house.root.ok("GET", f"/api/v1/assets/{kind}/{urllib.parse.quote(name, safe='')}/versions/{number}")


def move(who, kind, name, number=1):
    path = f"/api/v1/assets/{kind}/{urllib.parse.quote(name, safe='')}/aliases/production"
    return who.call("PUT", path, {"version": number})


def approve(who, request):
    return who.post(f"/api/v1/change-requests/{request}/approve", {})


def manifest_of(caller, name):
    address = linked(caller, name, "currentManifest { file { directUrl } }")["currentManifest"]["file"]["directUrl"]
    split = urllib.parse.urlsplit(address)
    return caller.ok("GET", f"{split.path}?{split.query}")["contents"]


def test_references_are_content(house):
    """Attack: a version is approved by its files, and its weights come from elsewhere."""
    house.guard("model/*#production", SHOWS)
    for name in ("good", "bad"):
        for kind, files in (("mixed", {"README": b"hello"}), ("only", {})):
            artifact = log_artifact(house.carl, "p", f"{kind}-{name}", files, {"weights": f"https://{name}.example/w"})
            link(house.carl, artifact, f"{kind}-{name}")
    for kind in ("mixed", "only"):
        good, bad = (version(house, "model", f"{kind}-{name}") for name in ("good", "bad"))
        assert good["digest"] != bad["digest"]
        assert bad["digest"] == version(house, "artifact", f"p/{kind}-bad")["digest"], "a link is its source"
        uri = "https://bad.example/w"
        assert bad["content_state"] == "elsewhere" and bad["references"] == [{"path": "weights", "uri": uri, "digest": uri, "size": 0}]
        refused = move(house.carl, "model", f"{kind}-bad")
        assert uri in refused.text and '\\"stored\\":false' in refused.text.replace("\\\\", "\\"), refused
        assert manifest_of(house.rita, f"{kind}-bad")["weights"] == {"digest": uri, "ref": uri}


def test_references_that_are_changed_by_sql_are_found(house):
    link(house.carl, log_artifact(house.carl, "p", "c", {"README": b"x"}, {"weights": "https://good.example/w"}), "loan")
    house.root.ok("POST", "/api/v1/ledger/verify", {})
    house.server.stop()
    verify = lambda: house.cli("ledger", "verify", "--data", house.server.data)
    assert verify().returncode == 0, verify().stdout
    with sqlite3.connect(house.server.data + "/regesta.db") as database:
        database.execute("UPDATE version_reference SET uri = 'https://evil.example/w'")
    found = verify()
    assert found.returncode != 0 and "references" in found.stdout + found.stderr, found
    house.server.start()


def test_an_evidence_pack_has_the_references(house, tmp_path):
    link(house.carl, log_artifact(house.carl, "p", "c", {"README": b"x"}, {"weights": "https://good.example/w"}), "loan")
    pack = house.root.get("/api/v1/assets/model/loan/versions/1/pack")
    assert pack.status == 200, pack
    (tmp_path / "p.zip").write_bytes(pack.body)
    verified = house.cli("pack", "verify", tmp_path / "p.zip")
    assert verified.returncode == 0, verified.stdout + verified.stderr


class Draft:
    """An artifact that `caller` is making, step by step."""

    def __init__(self, caller, files, **more):
        self.caller = caller
        made = mutation(caller, "CreateArtifactInput!", "createArtifact", "artifact { id }", entityName="default", projectName="p",
                        artifactTypeName="model", artifactCollectionName="w", digest=digest_of(files), digestAlgorithm="MANIFEST_MD5",
                        clientID="c", **more)
        self.id = made["artifact"]["id"]

    def add(self, who, files):
        specs = [{"artifactID": self.id, "name": path, "md5": md5_text(content)} for path, content in files.items()]
        made = mutation(who, "CreateArtifactFilesInput", "createArtifactFiles", "files { edges { node { name uploadUrl } } }", artifactFiles=specs)
        if isinstance(made, list):
            return made
        for edge in made["files"]["edges"]:
            if edge["node"]["uploadUrl"]:  # else it is there already
                assert upload(who, edge["node"]["uploadUrl"], files[edge["node"]["name"]]).status == 200
        text = json.dumps({"version": 1, "contents": {path: {"digest": md5_text(content)} for path, content in files.items()}}).encode()
        made = mutation(who, "CreateArtifactManifestInput!", "createArtifactManifest", "artifactManifest { file { uploadUrl } }",
                        artifactID=self.id, digest=md5_text(text))
        if isinstance(made, list):
            return made
        assert upload(who, made["artifactManifest"]["file"]["uploadUrl"], text).status == 200
        return made

    def commit(self):
        return mutation(self.caller, "CommitArtifactInput!", "commitArtifact", "artifact { id digest }", artifactID=self.id)


def digest_of(files):
    lines = "".join(f"{path}:{md5_text(content)}\n" for path, content in sorted(files.items()))
    return hashlib.md5(("wandb-artifact-manifest-v1\n" + lines).encode()).hexdigest()


@pytest.fixture
def amy(house):
    """May contribute, and approve as a risk officer."""
    return house.token("amy", {"role": "risk"}, {"role": "contributor"})


def test_a_draft_belongs_to_its_creator(house, amy):
    """Attack: somebody adds her weights to another's draft, and approves 'his' version."""
    draft = Draft(house.carl, {"weights": b"good"})
    draft.add(house.carl, {"weights": b"good"})
    assert isinstance(draft.add(amy, {"weights": b"evil"}), list), "refused"
    assert draft.commit()["artifact"]["digest"] == digest_of({"weights": b"good"})
    assert version(house, "artifact", "p/w")["created_by"] == "user:carl"


def test_several_manifests_are_what_was_announced(house):
    draft = Draft(house.carl, {"a": b"a", "b": b"b"})
    draft.add(house.carl, {"a": b"a"})
    assert isinstance(draft.commit(), list), "a part is not the whole"
    draft.add(house.carl, {"b": b"b"})
    assert draft.commit()["artifact"]["digest"] == digest_of({"a": b"a", "b": b"b"})
    draft = Draft(house.carl, {"a": b"a", "b": b"c"})
    draft.add(house.carl, {"a": b"a"})
    draft.add(house.carl, {"b": b"other"})
    assert isinstance(draft.commit(), list)


def test_contributors_of_a_distributed_artifact_are_its_authors(house):
    house.guard("artifact/*#production", FOUR_EYES)
    house.root.ok("POST", "/api/v1/users", {"name": "amy", "password": "a long password", "grants": [{"role": "risk"}, {"role": "contributor"}]})
    amy = type(house.carl)(house.server, ("amy", "a long password"))
    draft = Draft(house.carl, {"a": b"a"}, distributedID="group")
    draft.add(house.carl, {"a": b"a"})
    assert not isinstance(draft.add(amy, {"b": b"b"}), list)
    assert not isinstance(draft.commit(), list)
    request = request_for(move(house.carl, "artifact", "p/w"))
    assert "author" in approve(amy, request).text and move(house.carl, "artifact", "p/w").status == 403
    assert approve(house.rita, request).status == 200
    house.server.stop()
    found = house.cli("ledger", "verify", "--data", house.server.data)
    assert found.returncode == 0, found.stdout + found.stderr
    house.server.start()


def test_metadata_that_was_decided_about_stays(house):
    """Attack: the metadata of an approved version is replaced without a trace."""
    house.guard("model/*#production", FOUR_EYES)
    artifact = log_artifact(house.carl, "p", "c", {"w": b"x"}, metadata='{"auc": 0.5}')
    link(house.carl, artifact, "loan")
    approve(house.rita, request_for(move(house.carl, "model", "loan")))
    change = lambda id: mutation(house.dora, "UpdateArtifactInput!", "updateArtifact", "artifact { metadata }", artifactID=id, metadata='{"auc": 1}')
    own = base64.b64encode(b"Artifact:%d" % (int(base64.b64decode(artifact["id"]).split(b":")[1]) + 1)).decode()
    assert "cannot change" in str(change(own))
    assert json.loads(linked(house.rita, "loan", "metadata")["metadata"]) == {"auc": 0.5}
    for method, path, body in (("PUT", "tags/wandb.metadata", {"value": "{}"}), ("DELETE", "tags/wandb.metadata", None)):
        answer = house.carl.call(method, f"/api/v1/assets/model/loan/versions/1/{path}", body)
        assert answer.status == 400 and "reserved" in answer.text, answer
    assert not isinstance(change(artifact["id"]), list), "of the source, which nothing cites"
    house.server.settle()
    entries = house.root.ok("GET", "/api/v1/ledger/entries?page_size=500")["items"]
    assert [entry for entry in entries if "version.tag-set" in str(entry) and "artifact/p/c@1" in str(entry)], "in the ledger"


def test_ids_and_manifests_of_drafts_are_bounded(house):
    draft = Draft(house.carl, {"a": b"a"})
    draft.add(house.carl, {"a": b"a"})
    zero = base64.b64encode(base64.b64decode(draft.id).replace(b":", b":0")).decode()
    fields = lambda id, start: "\n".join(
        f'a{n}: updateArtifactManifest(input: {{artifactManifestID: "{id}", digest: "{md5_text(b"%d" % n)}"}}) {{ artifactManifest {{ id }} }}'
        for n in range(start, start + 300))
    assert "no such ArtifactDraft" in graphql(house.carl, f"mutation {{ {fields(zero, 0)} }}").text
    for start in (0, 300):
        last = graphql(house.carl, f"mutation {{ {fields(draft.id, start)} }}")
    assert "manifests already" in last.text, last.text[:300]


def test_downloads_are_in_the_access_log(house):
    house.root.ok("PUT", "/api/v1/access-log/rule", {"percent": 100, "keep_days": 30})
    artifact = log_artifact(house.carl, "p", "c", {"weights.bin": b"personal"})
    link(house.carl, artifact, "loan")
    files = linked(house.rex, "loan", "files(first: 5) { edges { node { directUrl } } }")["files"]["edges"]
    split = urllib.parse.urlsplit(files[0]["node"]["directUrl"])

    def kept(path):
        assert house.rex.get(path).body == b"personal"
        reads = house.root.ok("GET", "/api/v1/access-log?page_size=200")["items"]
        return [read for read in reads if read["actor"] == "user:rex" and read["action"] == "download" and read["name"] == "artifact/p/c@1"]

    md5 = hashlib.md5(b"personal").hexdigest()
    entry = f"/artifactsV2/r/default/p/c/{urllib.parse.quote(artifact['id'], safe='')}/{md5}/weights.bin"
    # In a workspace that keeps no reads: the address must not decide which rule counts.
    elsewhere = entry.replace("/default/", "/west/")
    for number, path in enumerate((f"{split.path}?{split.query}", entry)):
        eventually(lambda path=path, number=number: len(kept(path)) > number)
    answer = house.rex.get(elsewhere)
    assert answer.status in (200, 403, 404)
    draft = base64.b64encode(b"ArtifactDraft:1").decode()
    assert house.rex.get(entry.replace(urllib.parse.quote(artifact["id"], safe=""), urllib.parse.quote(draft, safe=""))).status == 404
