"""Four eyes on all of the content: who wrote a part of a version is an author of the version, whichever front put it there."""

import base64
import hashlib
import json

import pytest
from test_scan import HOSTILE, scan_of
from wandb_calls import log_artifact, md5_text, mutation, upload

from artifacts import experiment, finish, model, put, run, version
from conftest import FOUR_EYES, PASSWORD, Caller
from gate import request_for


@pytest.fixture
def amy(house):
    """May approve in the role risk, and contributes herself."""
    house.root.call("POST", "/api/v1/users", {"name": "amy", "password": PASSWORD, "grants": [{"role": "risk"}, {"role": "contributor"}]})
    return Caller(house.server, ("amy", PASSWORD))


def promote(who, kind, name, number):
    return who.call("PUT", f"/api/v1/assets/{kind}/{name}/aliases/production", {"version": number})


def approve(who, asked):
    return who.post(f"/api/v1/change-requests/{request_for(asked)}/approve", {})


def hf_commit(who, repo, files):
    lines = [{"key": "header", "value": {"summary": "m", "description": ""}}]
    lines += [{"key": "file", "value": {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"}} for path, content in files.items()]
    raw = "\n".join(map(json.dumps, lines)).encode()
    answer = who.call("POST", f"/hf/api/models/default/{repo}/commit/main", raw=raw, headers={"Content-Type": "application/x-ndjson"})
    assert answer.status == 200, answer


def test_files_of_a_parent_commit(house, amy):
    house.guard("model/inherited#production", FOUR_EYES)
    amy.ok("POST", "/hf/api/repos/create", {"name": "inherited", "organization": "default", "type": "model"})
    hf_commit(amy, "inherited", {"weights.bin": b"hers"})
    hf_commit(house.carl, "inherited", {"README.md": b"a typo"})
    asked = promote(house.carl, "model", "inherited", 2)
    refused = approve(amy, asked)
    assert refused.status == 403 and "content that it is made of" in refused.text, refused
    assert approve(house.rita, asked).status == 200
    # What was accepted is no longer hers alone: a small change to it may be approved by her.
    hf_commit(house.carl, "inherited", {"README.md": b"another typo"})
    assert approve(amy, promote(house.carl, "model", "inherited", 3)).status == 200
    # Nothing of hers is left in a commit that replaces every file.
    amy.ok("POST", "/hf/api/repos/create", {"name": "replaced", "organization": "default", "type": "model"})
    house.guard("model/replaced#production", FOUR_EYES)
    hf_commit(amy, "replaced", {"weights.bin": b"hers"})
    hf_commit(house.carl, "replaced", {"weights.bin": b"his"})
    assert approve(amy, promote(house.carl, "model", "replaced", 2)).status == 200


@pytest.mark.parametrize("sealed", ["by who may write there", "as a copy"])
def test_files_of_a_run(house, amy, sealed):
    """Attack: she writes the model into a run of his, and he registers it for her; or he registers a run of hers."""
    house.guard("model/trained#production", FOUR_EYES)
    model(house.carl, "trained")
    owner = house.carl if sealed == "by who may write there" else amy
    info = run(owner, experiment(owner, "shared"))
    folder = f"{info['experiment_id']}/{info['run_id']}/artifacts/m"
    assert put(owner, f"{folder}/MLmodel", b"{}").status == 200 and put(amy, f"{folder}/weights", b"hers").status == 200
    finish(owner, info["run_id"])
    assert version(house.carl, "trained", f"runs:/{info['run_id']}/m", run_id=info["run_id"]).status == 200
    asked = promote(house.carl, "model", "trained", 1)
    refused = approve(amy, asked)
    assert refused.status == 403 and "content that it is made of" in refused.text, refused
    assert approve(house.rita, asked).status == 200


def test_text_of_an_included_prompt(house, amy):
    house.guard("prompt/pay#production", FOUR_EYES)
    amy.prompt("part", "her text")
    house.carl.ok("POST", "/api/v1/prompts/pay/versions", {"template": "@@@langfusePrompt:name=part|version=1@@@"})
    asked = promote(house.carl, "prompt", "pay", 1)
    assert approve(amy, asked).status == 403
    assert approve(house.rita, asked).status == 200


def test_files_of_an_incremental_artifacts_base(house, amy):
    house.guard("artifact/p/inherited#production", FOUR_EYES)
    base = log_artifact(amy, "p", "inherited", {"weights": b"hers"})
    his = {"README": {"digest": md5_text(b"a typo"), "size": 6}}
    lines = "".join(f"{path}:{entry['digest']}\n" for path, entry in sorted(his.items()))
    made = mutation(house.carl, "CreateArtifactInput!", "createArtifact", "artifact { id }", entityName="default", projectName="p",
                    artifactTypeName="model", artifactCollectionName="inherited", digestAlgorithm="MANIFEST_MD5", clientID="incremental",
                    digest=hashlib.md5(b"wandb-artifact-manifest-v1\n" + lines.encode()).hexdigest())["artifact"]["id"]
    files = mutation(house.carl, "CreateArtifactFilesInput", "createArtifactFiles", "files { edges { node { uploadUrl } } }",
                     artifactFiles=[{"artifactID": made, "name": "README", "md5": his["README"]["digest"]}])["files"]["edges"]
    upload(house.carl, files[0]["node"]["uploadUrl"], b"a typo")
    manifest = json.dumps({"version": 1, "contents": his}).encode()
    url = mutation(house.carl, "CreateArtifactManifestInput!", "createArtifactManifest", "artifactManifest { file { uploadUrl } }",
                   artifactID=made, digest=md5_text(manifest), type="INCREMENTAL", baseArtifactID=base["id"])
    upload(house.carl, url["artifactManifest"]["file"]["uploadUrl"], manifest)
    committed = mutation(house.carl, "CommitArtifactInput!", "commitArtifact", "artifact { versionIndex }", artifactID=made)
    assert isinstance(committed, dict) and committed["artifact"]["versionIndex"] == 1, committed
    asked = promote(house.carl, "artifact", "p%2Finherited", 2)
    assert approve(amy, asked).status == 403
    assert approve(house.rita, asked).status == 200


IMAGE, INDEX = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"


class Repository:
    def __init__(self, name):
        self.path = f"/v2/default/{name}"

    def blob(self, who, content):
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        answer = who.call("POST", f"{self.path}/blobs/uploads/?digest={digest}", raw=content, headers={"Content-Type": "application/octet-stream"})
        assert answer.status == 201, answer
        return {"mediaType": "application/octet-stream", "digest": digest, "size": len(content)}

    def image(self, who, content):
        layer = self.blob(who, content) | {"annotations": {"org.opencontainers.image.title": "model.pkl"}}
        return self.push(who, None, IMAGE, config=self.blob(who, b"{}") | {"mediaType": "application/vnd.oci.empty.v1+json"}, layers=[layer])

    def push(self, who, tag, kind, status=201, **members):
        content = json.dumps({"schemaVersion": 2, "mediaType": kind, **members}).encode()
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        answer = who.call("PUT", f"{self.path}/manifests/{tag or digest}", raw=content, headers={"Content-Type": kind})
        assert answer.status == status, answer
        return {"mediaType": kind, "digest": digest, "size": len(content)}


def test_an_index_is_made_of_its_images(house, amy):
    """Attacks: an index carries an image that is in quarantine; the image of an index in production is deleted; her image in his index."""
    repository = Repository("shipped")
    hostile = repository.image(house.carl, HOSTILE)
    scan_of(house.carl, "shipped", 1, kind="artifact")
    repository.push(house.carl, None, INDEX, manifests=[hostile])
    assert "it contains artifact/shipped@1" in promote(house.carl, "artifact", "shipped", 2).text

    house.guard("artifact/shipped#production", FOUR_EYES)
    hers = repository.image(amy, b"plain")
    repository.push(house.carl, None, INDEX, manifests=[hers])
    asked = promote(house.carl, "artifact", "shipped", 4)
    assert approve(amy, asked).status == 403
    assert approve(house.rita, asked).status == 200
    deleted = house.carl.call("DELETE", f"{repository.path}/manifests/{hers['digest']}")
    assert deleted.status == 403 and "'production' of artifact/shipped" in deleted.text, deleted
    assert house.rex.get(f"{repository.path}/manifests/{hers['digest']}").status == 200


def test_a_tag_that_was_set_before_the_scan_is_not_served_after_it(house):
    house.carl.ok("POST", "/hf/api/repos/create", {"name": "raced", "organization": "default", "type": "model"})
    hf_commit(house.carl, "raced", {"model.pkl": HOSTILE})
    house.carl.call("PUT", "/api/v1/assets/model/raced/aliases/prod", {"version": 1})
    scan_of(house.carl, "raced", 1)
    for revision in ("main", "prod"):
        answer = house.rex.get(f"/hf/default/raced/resolve/{revision}/model.pkl")
        assert answer.status in (403, 404), answer


def test_a_page_of_records_does_not_tell_of_those_out_of_reach(house):
    house.carl.prompt("secret", "x")
    lines = "\n".join(json.dumps({"prompt": "secret@1", "subject": "jane@example.org", "inputs": {"a": number}, "output": "no"}) for number in range(3))
    house.carl.ok("POST", "/api/v1/records", raw=lines.encode())
    for who in (house.rex, house.nina):
        pages = [who.ok("GET", f"/api/v1/records?subject={subject}&page_size=1") for subject in ("jane@example.org", "nobody@example.org")]
        assert pages[0] == pages[1]
    assert house.nina.ok("GET", "/api/v1/records?page_size=1") == {"items": []}
    seen, page = 0, house.root.ok("GET", "/api/v1/records?page_size=1")
    while True:
        seen += len(page["items"])
        if "next_page_token" not in page:
            break
        page = house.root.ok("GET", f"/api/v1/records?page_size=1&page_token={page['next_page_token']}")
    assert seen >= 3


def test_an_artifact_that_a_reference_leads_to(house, amy):
    """Clients follow wandb-artifact:// references to other artifacts here, so those are parts of the version."""
    hers = log_artifact(amy, "p", "hers", {"weights": b"hers"})
    uri = f"wandb-artifact://{base64.b64decode(hers['id']).hex()}/weights"
    log_artifact(house.carl, "p", "refers", {"README": b"x"}, refs={"weights": uri})
    house.guard("artifact/p/refers#production", FOUR_EYES)
    asked = promote(house.carl, "artifact", "p%2Frefers", 1)
    refused = approve(amy, asked)
    assert refused.status == 403 and "content that it is made of" in refused.text, refused
    assert approve(house.rita, asked).status == 200
    deleted = mutation(house.carl, "DeleteArtifactInput!", "deleteArtifact", "artifact { id }", artifactID=hers["id"])
    assert isinstance(deleted, list) and "p/refers" in deleted[0], deleted


@pytest.mark.parametrize("uri", ["wandb-artifact://{}/model.pkl", " WANDB-ARTIFACT://{}/model.pkl"])
def test_a_hostile_artifact_that_a_reference_leads_to(house, uri):
    bad = log_artifact(house.carl, "p", "bad", {"model.pkl": HOSTILE})
    assert scan_of(house.carl, "p%2Fbad", 1, kind="artifact")["summary"]["status"] == "critical"
    good = log_artifact(house.carl, "p", "good", {"README": b"x"},
                        refs={"model.pkl": uri.format(base64.b64decode(bad["id"]).hex())})
    assert "id" in good, good
    refused = promote(house.carl, "artifact", "p%2Fgood", 1)
    assert refused.status == 403 and "it contains artifact/p/bad@1" in refused.text, refused


def test_references_that_cannot_be_governed(house):
    absent = log_artifact(house.carl, "p", "a", {}, refs={"w": f"wandb-artifact://{b'Artifact:999999'.hex()}/w"})
    assert isinstance(absent, list), absent
    unread = log_artifact(house.carl, "p", "b", {}, refs={"w": "wandb-artifact:///w"})
    assert isinstance(unread, list) and "names no artifact" in unread[0], unread
    hers = log_artifact(house.carl, "p", "hidden", {"weights": b"x"})
    foreign = log_artifact(house.nina, "nina-p", "c", {}, refs={"w": f"wandb-artifact://{base64.b64decode(hers['id']).hex()}/w"})
    assert isinstance(foreign, list) and foreign[0].replace(hers["id"], "") == absent[0].replace(base64.b64encode(b"Artifact:999999").decode(), ""), (foreign, absent)
    log_artifact(house.carl, "p", "outside", {"README": b"x"}, refs={"w": "s3://bucket/w"})
    assert scan_of(house.carl, "p%2Foutside", 1, kind="artifact")["summary"]["status"] == "incomplete"
