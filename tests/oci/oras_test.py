"""The unmodified oras program: what it pushes is a version of an asset, whatever other fronts show of it."""

import json
import os
import pathlib
import re
import subprocess

import requests

from conftest import Repository, descriptor, manifest, sha256
from regesta_server import ROOT, binary

PASSWORD = "a long password"


def native(server, path, **more):
    answer = requests.get(f"{server.url}/api/v1/{path}", timeout=60, **more)
    assert answer.status_code == 200, answer.text
    return answer


def regesta(server, *words):
    run = subprocess.run([binary(), *words], env={**os.environ, "REGESTA_URL": server.url}, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_what_is_pushed_is_a_version(server, oras, tmp_path):
    weights = os.urandom(3_000_000)
    (tmp_path / "weights.bin").write_bytes(weights)
    (tmp_path / "card.md").write_text("# Card\n")
    oras("push", "default/team/weights:v1", "weights.bin:application/octet-stream", "card.md:text/markdown", "--artifact-type", "application/vnd.x")
    pulled = tmp_path / "pulled"
    pulled.mkdir()
    oras("pull", "default/team/weights:v1", folder=pulled)
    assert (pulled / "weights.bin").read_bytes() == weights and (pulled / "card.md").read_text() == "# Card\n"

    asset = "assets/artifact/team%2Fweights"
    version = native(server, f"{asset}/versions/tag.v1").json()
    assert version["version"] == 1 and version["tags"]["oci.manifest.artifact-type"] == "application/vnd.x"
    files = {file["path"]: file for file in native(server, f"{asset}/versions/1/files").json()["items"]}
    assert set(files) == {".oci/manifest.json", ".oci/config.json", "weights.bin", "card.md"}
    assert native(server, f"{asset}/versions/1/files/weights.bin").content == weights
    manifest = Repository(server, "default/team/weights").get("v1")
    assert manifest.headers["Docker-Content-Digest"] == "sha256:" + files[".oci/manifest.json"]["digest"]
    assert native(server, f"{asset}/versions/1/files/.oci/manifest.json").content == manifest.content
    assert "tag.v1" in regesta(server, "version", "list", "artifact/team/weights")
    assert "tag.v1" in regesta(server, "alias", "list", "artifact/team/weights")

    # The same again is the same version; other content is the next one, and the tag moves.
    oras("push", "default/team/weights:production", "weights.bin:application/octet-stream", "card.md:text/markdown",
         "--artifact-type", "application/vnd.x", "--annotation", "org.opencontainers.image.created=2026-01-01T00:00:00Z")
    first = Repository(server, "default/team/weights").get("production").headers["Docker-Content-Digest"]
    oras("tag", "default/team/weights:production", "stable", "v1")
    assert Repository(server, "default/team/weights").get("v1").headers["Docker-Content-Digest"] == first
    assert oras("repo tags", "default/team/weights").split() == ["production", "stable", "v1"]
    assert server.stop() == 0
    regesta(server, "ledger", "verify", "--data", server.data)


def test_a_tag_set_here_is_pulled_there(server, oras, tmp_path):
    (tmp_path / "a.txt").write_text("one")
    oras("push", "default/tool:1.0.0", "a.txt")
    regesta(server, "alias", "set", "artifact/tool", "stable", "1")
    (tmp_path / "a.txt").unlink()
    oras("pull", "default/tool:stable")
    assert (tmp_path / "a.txt").read_text() == "one"
    assert oras("repo tags", "default/tool").split() == ["1.0.0", "stable"]


def test_versions_from_other_fronts_can_be_pulled(server, oras, tmp_path):
    """A model that was registered through the native API: with oras, byte for byte, under a digest that stays."""
    files = {"MLmodel": b"flavors: {}\n", "data/model.bin": os.urandom(300_000), "empty": b""}
    url = f"{server.url}/api/v1"
    made = [{"path": path, "digest": requests.put(f"{url}/blobs", data=content, timeout=60).json()["digest"]} for path, content in files.items()]
    requests.post(f"{url}/assets", json={"kind": "model", "name": "loan"}, timeout=60).raise_for_status()
    for semver in ("1.0.0", "1.1.0"):
        requests.post(f"{url}/assets/model/loan/versions", json={"files": made, "semver": semver}, timeout=60).raise_for_status()
    repository = Repository(server, "default/model/loan")
    assert repository.get("production").status_code == 404 and repository.tags().json()["tags"] == []
    regesta(server, "alias", "set", "model/loan", "production", "1")
    regesta(server, "alias", "set", "model/loan", "staging", "2")
    assert oras("repo tags", "default/model/loan").split() == ["production", "staging"]
    pulled = tmp_path / "pulled"
    pulled.mkdir()
    oras("pull", "default/model/loan:production", folder=pulled)
    assert {path: (pulled / path).read_bytes() for path in files} == files
    digest = repository.get("production").headers["Docker-Content-Digest"]
    assert digest == sha256(repository.get("production").content) != repository.get("staging").headers["Docker-Content-Digest"]
    requests.patch(f"{url}/assets/model/loan/versions/1", json={"description": "later"}, timeout=60).raise_for_status()
    assert repository.get(digest).content == repository.get("production").content
    # It can be signed, and copied to where it is an artifact.
    (tmp_path / "signature.json").write_text("{}\n")
    oras("attach", "default/model/loan:production", "signature.json", "--artifact-type", "application/vnd.dev.sigstore.bundle.v0.3+json")
    assert "sigstore" in oras("discover", "default/model/loan:production")
    oras("copy", "default/model/loan:production", oras.reference("default/mirror/loan:production"))
    assert Repository(server, "default/mirror/loan").get("production").headers["Docker-Content-Digest"] == digest
    assert "default/model/loan" in oras("repo ls", "")


def test_attach_discover_and_copy(server, oras, tmp_path):
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "sbom.json").write_text("{}\n")
    oras("push", "default/tool:v1", "a.txt")
    oras("attach", "default/tool:v1", "sbom.json:application/json", "--artifact-type", "application/vnd.cyclonedx", "--annotation", "by=ci")
    found = json.loads(oras("discover", "default/tool:v1", "--format", "json"))
    assert [(each["artifactType"], each["annotations"]["by"]) for each in found["referrers"]] == [("application/vnd.cyclonedx", "ci")]
    oras("copy", "default/tool:v1", oras.reference("default/mirror/tool:v1"), "--recursive")
    assert oras("discover", "default/mirror/tool:v1", "--format", "json").count("application/vnd.cyclonedx") == 1
    assert oras("repo ls", "").split() == ["default/mirror/tool", "default/tool"]
    oras("manifest delete", "default/tool:v1", "--force")
    assert "not found" in oras("pull", "default/tool:v1", fails=True)
    oras("pull", "default/mirror/tool:v1")


def test_the_layout_of_kitops_in_a_model(server, oras, tmp_path):
    kit = "application/vnd.kitops.modelkit"
    (tmp_path / "Kitfile.json").write_text('{"manifestVersion":"1.0.0","model":{"name":"loan","path":"./model"}}')
    for part in ("model", "dataset", "docs"):
        (tmp_path / f"{part}.tar").write_bytes(part.encode() * 1000)
    oras("push", "default/model/loan:v1", "--config", f"Kitfile.json:{kit}.config.v1+json",
         *(f"{part}.tar:{kit}.{part}.v1.tar" for part in ("model", "dataset", "docs")))
    version = native(server, "assets/model/loan/versions/1").json()
    assert version["tags"]["oci.manifest.artifact-type"] == f"{kit}.config.v1+json"
    assert native(server, "assets/model/loan/versions/1/files/.oci/config.json").json()["model"]["name"] == "loan"
    found = requests.get(f"{server.url}/api/2.0/mlflow/model-versions/get", params={"name": "loan", "version": "1"}, timeout=60)
    assert found.json()["model_version"]["status"] == "READY", found.text
    (tmp_path / "model.tar").unlink()
    oras("pull", "default/model/loan:v1")
    assert (tmp_path / "model.tar").read_bytes() == b"model" * 1000


def test_the_model_format_of_cncf(server):
    """Raw weights under their file path, as modctl pushes them."""
    cncf = "application/vnd.cncf.model"
    repository = Repository(server, "default/model/llama")
    config, weights = b'{"descriptor":{"name":"llama"}}', os.urandom(100_000)
    for content in (config, weights):
        repository.push_blob(content)
    layer = {**descriptor(weights, f"{cncf}.weight.v1.raw"), "annotations": {"org.cncf.model.filepath": "weights/model.safetensors"}}
    text = manifest(layer, artifact_type=f"{cncf}.manifest.v1+json", config=descriptor(config, f"{cncf}.config.v1+json"))
    assert repository.put("v1", text).status_code == 201
    assert native(server, "assets/model/llama/versions/1/files/weights/model.safetensors").content == weights
    assert native(server, "assets/model/llama/versions/1").json()["tags"]["oci.manifest.artifact-type"] == f"{cncf}.manifest.v1+json"


def test_the_first_minute_of_the_page(server, oras, tmp_path):
    """docs/oci.md works as it is printed."""
    page = (ROOT / "docs" / "oci.md").read_text()
    (tmp_path / "weights.txt").write_text(re.search(r"Write `weights.txt`:\n\n```text\n(.*?)```", page, re.S).group(1))
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", page, re.S)[:2]).replace("127.0.0.1:4600", oras.reference("")[:-1])
    programs = f"{pathlib.Path(oras.program).parent}:{pathlib.Path(binary()).parent}:{os.environ['PATH']}"
    run = subprocess.run(["bash", "-euc", commands], cwd=tmp_path, env={**oras.environment, "PATH": programs, "REGESTA_URL": server.url},
                         capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / "elsewhere" / "weights.txt").read_text() == "0.25 0.5 0.25\n"
    assert run.stdout.count("tag.v1") >= 2


def test_passwords_and_tokens(server, oras, tmp_path):
    requests.post(f"{server.url}/api/v1/users", json={"name": "root", "password": PASSWORD}, timeout=60).raise_for_status()
    token = requests.post(f"{server.url}/api/v1/tokens", json={"name": "ci", "grants": [{"role": "contributor"}]},
                          auth=("root", PASSWORD), timeout=60).json()["token"]
    (tmp_path / "a.txt").write_text("one")
    assert "basic credential not found" in oras("push", "default/tool:v1", "a.txt", fails=True)
    login = oras.reference("")[:-1]
    subprocess.run([oras.program, "login", "--plain-http", login, "-u", "root", "--password-stdin"], input=PASSWORD, text=True,
                   env=oras.environment, check=True, capture_output=True, timeout=60)
    oras("push", "default/tool:v1", "a.txt")
    oras.environment["DOCKER_CONFIG"] = str(tmp_path / "nobody")
    oras.credentials = ("-u", "anything", "-p", token)
    oras("pull", "default/tool:v1")
    oras.credentials = ("-u", "root", "-p", "wrong")
    oras("pull", "default/tool:v1", fails=True)
    answer = requests.get(f"{server.url}/v2/", timeout=60)
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith('Basic realm="regesta"')
    assert answer.json()["errors"][0]["code"] == "UNAUTHORIZED"
    assert requests.get(f"{server.url}/v2/", headers={"Authorization": f"Bearer {token}"}, timeout=60).status_code == 200
