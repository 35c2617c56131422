"""Files in parts: the client sends those of 2 GiB and more so, and downloads any so if it is told to."""

import base64
import hashlib
import json
import os

import pytest
import requests

PARTS = [b"a" * 300_000, b"b" * 300_000, b"the end"]


def md5(content):
    return hashlib.md5(content).hexdigest()


def b64(digest):
    return base64.b64encode(bytes.fromhex(digest)).decode()


class Client:
    """Sends what wandb-core sends."""

    def __init__(self, site, key=None):
        self.site, self.key = site, key or site.key

    def ask(self, text, **variables):
        answer = requests.post(self.site.server.url + "/graphql", json={"query": text, "variables": variables}, auth=("api", self.key), timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def mutate(self, field, kind, fields, **given):
        answer = self.ask(f"mutation M($input: {kind}) {{ {field}(input: $input) {{ {fields} }} }}", input=given)
        assert "errors" not in answer, answer
        return answer["data"][field]

    def artifact(self, project, entries):
        text = "wandb-artifact-manifest-v1\n" + "".join(f"{path}:{digest}\n" for path, digest in sorted(entries.items()))
        made = self.mutate("createArtifact", "CreateArtifactInput!", "artifact { id }", entityName="default", projectName=project,
                           artifactTypeName="model", artifactCollectionName="big", digest=md5(text.encode()), digestAlgorithm="MANIFEST_MD5")
        return made["artifact"]["id"]

    def file(self, artifact, name, content, parts):
        spec = {"artifactID": artifact, "name": name, "md5": b64(md5(content)),
                "uploadPartsInput": [{"partNumber": i + 1, "hexMD5": md5(part)} for i, part in enumerate(parts)]}
        made = self.mutate("createArtifactFiles", "CreateArtifactFilesInput!", "files { edges { node { storagePath uploadUrl uploadHeaders "
                           "uploadMultipartUrls { uploadID uploadUrlParts { partNumber uploadUrl } } artifact { id } } } }", artifactFiles=[spec])
        return made["files"]["edges"][0]["node"]

    def complete(self, node, etags):
        return self.ask(
            "mutation C($parts: [UploadPartsInput!]!, $id: ID!, $path: String!, $upload: String!) { completeMultipartUploadArtifact(input: "
            "{completeMultipartAction: Complete, completedParts: $parts, artifactID: $id, storagePath: $path, uploadID: $upload}) { digest } }",
            parts=[{"partNumber": i + 1, "hexMD5": etag} for i, etag in enumerate(etags)], id=node["artifact"]["id"], path=node["storagePath"],
            upload=node["uploadMultipartUrls"]["uploadID"])

    def commit(self, artifact, entries, sizes):
        manifest = json.dumps({"version": 1, "storagePolicy": "wandb-storage-policy-v1", "storagePolicyConfig": {"storageLayout": "V2"},
                               "contents": {path: {"digest": digest, "size": sizes[path]} for path, digest in entries.items()}}).encode()
        made = self.mutate("createArtifactManifest", "CreateArtifactManifestInput!", "artifactManifest { file { uploadUrl } }", artifactID=artifact,
                           digest=b64(md5(manifest)), name="wandb_manifest.json", entityName="default", type="FULL")
        assert requests.put(made["artifactManifest"]["file"]["uploadUrl"], data=manifest, timeout=60).ok
        self.mutate("commitArtifact", "CommitArtifactInput!", "artifact { id }", artifactID=artifact)


def send(node, parts):
    etags = []
    for one, part in zip(node["uploadMultipartUrls"]["uploadUrlParts"], parts):
        answer = requests.put(one["uploadUrl"], data=part, headers={"Content-MD5": b64(md5(part))}, timeout=60)
        assert answer.status_code == 200, answer.text
        etags.append(answer.headers["ETag"])
    return etags


def test_a_file_in_parts_is_one_file(site, name, tmp_path):
    client, content = Client(site), b"".join(PARTS)
    entries = {"weights.bin": b64(md5(content))}
    artifact = client.artifact(name, entries)
    node = client.file(artifact, "weights.bin", content, PARTS)
    etags = send(node, PARTS)
    # A client that lost the connection begins again, and goes on with the same upload.
    assert client.file(artifact, "weights.bin", content, PARTS)["uploadMultipartUrls"]["uploadID"] == node["uploadMultipartUrls"]["uploadID"]
    for _ in range(2):  # the answer may be lost, too
        assert client.complete(node, etags)["data"]["completeMultipartUploadArtifact"]["digest"] == entries["weights.bin"]
    assert client.file(artifact, "weights.bin", content, PARTS)["uploadUrl"] is None  # content is stored once
    client.commit(artifact, entries, {"weights.bin": len(content)})
    done = site.run(f"""
import wandb
data = wandb.Api().artifact("default/{name}/big:v0")
folder = data.download(multipart=True, skip_cache=True)
data.verify(folder)
print(len(open(folder + "/weights.bin", "rb").read()))
""", tmp_path)
    assert done.stdout.split()[-1] == str(len(content))


def test_wrong_parts_are_refused(site, name):
    client, content = Client(site), b"".join(PARTS) + name.encode()
    parts = [content[:1000], content[1000:]]
    artifact = client.artifact(name, {"x": b64(md5(content))})
    node = client.file(artifact, "x", content, parts)
    first, second = send(node, parts)
    for etags, problem in [([first, md5(b"other")], "part 2 was not uploaded"), ([], "completedParts"), ([first], "MD5")]:
        errors = client.complete(node, etags)["errors"]
        assert problem in errors[0]["message"], errors
    # Parts that do not make the announced content are thrown away, and their upload with them.
    assert "no such upload" in client.complete(node, [first, second])["errors"][0]["message"]
    assert requests.put(node["uploadMultipartUrls"]["uploadUrlParts"][0]["uploadUrl"], data=b"late", timeout=60).status_code == 404


def test_an_upload_belongs_to_who_began_it(site, name):
    client, content = Client(site), name.encode() * 2
    artifact = client.artifact(name, {"x": b64(md5(content))})
    node = client.file(artifact, "x", content, [content])
    etags = send(node, [content])
    other = Client(site, site.token(f"other-{name}", "contributor"))
    assert "errors" in other.complete(node, etags)
    url = node["uploadMultipartUrls"]["uploadUrlParts"][0]["uploadUrl"]
    assert requests.put(url.split("?")[0], data=content, timeout=60).status_code in (401, 403)
    assert requests.put(url.replace("/part/1?", "/part/10001?"), data=content, timeout=60).status_code == 400
    assert "errors" not in client.complete(node, etags)


def test_verify_finds_a_changed_file(site, name, tmp_path):
    done = site.run(f"""
import wandb
run = wandb.init(project="{name}", id="maker")
data = wandb.Artifact("checked", type="dataset")
for path in ["a.txt", "deep/b.txt"]:
    with data.new_file(path) as file: file.write(path)
run.log_artifact(data).wait()
run.finish()
data = wandb.Api().artifact("default/{name}/checked:v0")
folder = data.download()
data.verify(folder)
print("verified")
open(folder + "/deep/b.txt", "a").write("!")
try:
    data.verify(folder)
except ValueError as problem:
    print(problem)
""", tmp_path)
    assert done.stdout.splitlines()[-2:] == ["verified", "Digest mismatch for file: deep/b.txt"]


@pytest.mark.skipif("REGESTA_LARGE_GIB" not in os.environ, reason="set REGESTA_LARGE_GIB to 2 or more: needs three times that on the disk")
def test_the_client_sends_a_large_file_in_parts(site, name, tmp_path):
    size = int(float(os.environ["REGESTA_LARGE_GIB"]) * 1024**3)
    with open(tmp_path / "large.bin", "wb") as file:
        file.write(os.urandom(1 << 20))
        file.truncate(size)
    done = site.run(f"""
import os, wandb
run = wandb.init(project="{name}", id="maker")
data = wandb.Artifact("large", type="model")
data.add_file("large.bin", policy="immutable")
run.log_artifact(data).wait()
run.finish()
folder = wandb.Api().artifact("default/{name}/large:v0").download(skip_cache=True)
wandb.Api().artifact("default/{name}/large:v0").verify(folder)
print(os.path.getsize(folder + "/large.bin"))
""", tmp_path, seconds=1800, WANDB_BASE_URL=site.server.url)
    assert done.stdout.split()[-1] == str(size)
