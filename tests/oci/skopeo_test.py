"""The unmodified skopeo program: copies between a folder, this registry and back, and inspects."""

import json
import os
import subprocess

import pytest

from conftest import INDEX, Repository, descriptor, manifest, sha256


@pytest.fixture
def skopeo(server, tmp_path):
    def run(*words):
        got = subprocess.run(["skopeo", "--insecure-policy", *words], capture_output=True, text=True, timeout=120,
                             env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)})
        assert got.returncode == 0, got.stdout + got.stderr
        return got.stdout
    return run


def image(repository, reference, layer):
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [sha256(layer)]}}).encode()
    for content in (config, layer):
        repository.push_blob(content)
    text = manifest(descriptor(layer, "application/vnd.oci.image.layer.v1.tar"),
                    config=descriptor(config, "application/vnd.oci.image.config.v1+json"))
    text = json.dumps({key: value for key, value in json.loads(text).items() if key != "artifactType"}).encode()
    assert repository.put(reference, text).status_code == 201
    return text


def test_copies_and_inspects(server, skopeo, tmp_path):
    repository = Repository(server, "default/image")
    text = image(repository, "v1", b"\0" * 10240)
    here = f"docker://127.0.0.1:{server.port}/default"
    seen = json.loads(skopeo("inspect", "--tls-verify=false", f"{here}/image:v1"))
    assert seen["Digest"] == sha256(text) and seen["RepoTags"] == ["v1"]
    skopeo("copy", "--src-tls-verify=false", f"{here}/image:v1", f"dir:{tmp_path}/image")
    skopeo("copy", "--dest-tls-verify=false", f"dir:{tmp_path}/image", f"{here}/again:v1")
    assert Repository(server, "default/again").get("v1").content == text
    # From one repository to another, whose layers are mounted; in Docker's format, too.
    skopeo("copy", "--src-tls-verify=false", "--dest-tls-verify=false", f"{here}/image:v1", f"{here}/folder/third:v1")
    skopeo("copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--format", "v2s2", f"{here}/image:v1", f"{here}/docker:v1")
    docker = Repository(server, "default/docker").get("v1")
    assert docker.headers["Content-Type"] == "application/vnd.docker.distribution.manifest.v2+json"
    skopeo("delete", "--tls-verify=false", f"{here}/again:v1")
    assert Repository(server, "default/again").get("v1").status_code == 404


def test_an_index_with_all_its_images(server, skopeo):
    repository = Repository(server, "default/multi")
    images = {arch: image(repository, arch, arch.encode() * 1024) for arch in ("amd64", "arm64")}
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        descriptor(text, json.loads(text)["mediaType"], platform={"os": "linux", "architecture": arch}) for arch, text in images.items()]}).encode()
    assert repository.put("latest", index, INDEX).status_code == 201
    here = f"docker://127.0.0.1:{server.port}/default"
    skopeo("copy", "--all", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false", f"{here}/multi:latest", f"{here}/copy:latest")
    copied = Repository(server, "default/copy")
    assert copied.get("latest").content == index
    for text in images.values():
        assert copied.get(sha256(text)).content == text
