"""What W&B's client asks for, without the client: tests/wandb drives the client itself."""

import base64
import hashlib
import json
import os
import urllib.parse


def graphql(caller, document, **variables):
    return caller.post("/graphql", {"query": document, "variables": variables})


def mutation(caller, kind, field, selection, **given):
    """The answer's field, or the texts of its errors."""
    answer = graphql(caller, f"mutation ($i: {kind}) {{ {field}(input: $i) {{ {selection} }} }}", i=given).json
    return answer["data"][field] if "errors" not in answer else [error["message"] for error in answer["errors"]]


def md5_text(content):
    return base64.b64encode(hashlib.md5(content).digest()).decode()


def upload(caller, url, content):
    split = urllib.parse.urlsplit(url)
    return caller.call("PUT", f"{split.path}?{split.query}", raw=content)


def log_artifact(caller, project, collection, files, refs=None, kind="model", run="", entity="default", **more):
    """The committed artifact ({"id","digest","versionIndex"}), or the texts of the errors of the step that failed. `refs`: URIs by path."""
    contents = {path: {"digest": md5_text(content), "size": len(content)} for path, content in files.items()}
    contents |= {path: {"digest": uri, "ref": uri} for path, uri in (refs or {}).items()}
    lines = "".join(f"{path}:{entry['digest']}\n" for path, entry in sorted(contents.items()))
    digest = hashlib.md5(b"wandb-artifact-manifest-v1\n" + lines.encode()).hexdigest()
    made = mutation(caller, "CreateArtifactInput!", "createArtifact", "artifact { id }", entityName=entity, projectName=project,
                    artifactTypeName=kind, artifactCollectionName=collection, digest=digest, digestAlgorithm="MANIFEST_MD5",
                    **{"clientID": os.urandom(8).hex(), **({"runName": run} if run else {}), **more})
    if isinstance(made, list):
        return made
    made = made["artifact"]["id"]
    specs = [{"artifactID": made, "name": path, "md5": md5_text(content)} for path, content in files.items()]
    if specs:
        edges = mutation(caller, "CreateArtifactFilesInput", "createArtifactFiles", "files { edges { node { name uploadUrl } } }",
                         artifactFiles=specs)["files"]["edges"]
        for node in (edge["node"] for edge in edges):
            if node["uploadUrl"]:
                answer = upload(caller, node["uploadUrl"], files[node["name"]])
                if answer.status != 200:
                    return [answer.text]
    manifest = json.dumps({"version": 1, "contents": contents}).encode()
    url = mutation(caller, "CreateArtifactManifestInput!", "createArtifactManifest", "artifactManifest { file { uploadUrl } }",
                   artifactID=made, digest=md5_text(manifest))["artifactManifest"]["file"]["uploadUrl"]
    assert upload(caller, url, manifest).status == 200
    committed = mutation(caller, "CommitArtifactInput!", "commitArtifact", "artifact { id digest versionIndex }", artifactID=made)
    return committed if isinstance(committed, list) else committed["artifact"]


def link(caller, artifact, name, aliases=()):
    return mutation(caller, "LinkArtifactInput!", "linkArtifact", "versionIndex", artifactID=artifact["id"], entityName="default",
                    projectName="wandb-registry-model", artifactPortfolioName=name,
                    aliases=[{"artifactCollectionName": name, "alias": alias} for alias in aliases])


def linked(caller, name, selection):
    """What the registry's model shows at its first version."""
    document = f'query {{ project(name: "wandb-registry-model", entityName: "default") {{ artifact(name: "{name}:v0") {{ {selection} }} }} }}'
    return graphql(caller, document).json["data"]["project"]["artifact"]


def tell_wandb_story(carl, n):
    """A run and an artifact as W&B's client sends them."""
    mutation(carl, "UpsertBucketInput!", "upsertBucket", "inserted", modelName=f"wandb{n}", name="r", config='{"lr": {"value": 0.1}}')
    carl.ok("POST", f"/files/default/wandb{n}/r/file_stream",
            {"files": {"wandb-history.jsonl": {"offset": 0, "content": ['{"_step": 0, "loss": 1}']}}})
    made = log_artifact(carl, f"wandb{n}", "data", {"a.txt": f"entry {n}".encode()}, kind="dataset", run="r", distributedID=f"shared-{n}")
    assert made["id"], made
    assert log_artifact(carl, f"wandb{n}", "elsewhere", {}, {"weights": f"s3://bucket/{n}"}, kind="dataset")["id"]
    # No version cites this one, so that no seal covers what it has; test_cited_rows.py changes what a seal covers.
    mutation(carl, "UpsertBucketInput!", "upsertBucket", "inserted", modelName=f"wandb{n}", name="loose", config='{"lr": {"value": 0.2}}')
    carl.ok("POST", f"/files/default/wandb{n}/loose/file_stream",
            {"files": {"wandb-history.jsonl": {"offset": 0, "content": ['{"_step": 0, "loss": 2}']}}})
    mutation(carl, "UpsertModelInput!", "upsertModel", "inserted", entityName="default", name=f"wandb-registry-made{n}", description="made")
    config = json.dumps({"method": "grid", "parameters": {"x": {"values": [1, 2]}}})
    sweep = mutation(carl, "UpsertSweepInput!", "upsertSweep", "sweep { name }", projectName=f"wandb{n}", config=config)["sweep"]
    agent = mutation(carl, "CreateAgentInput!", "createAgent", "agent { id }", projectName=f"wandb{n}", sweep=sweep["name"], host="h")
    commands = mutation(carl, "AgentHeartbeatInput!", "agentHeartbeat", "commands", id=agent["agent"]["id"], runState="{}")
    assert "run_id" in commands["commands"], commands
