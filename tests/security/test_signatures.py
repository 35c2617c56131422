"""Signatures of versions in the format of OpenSSF model signing: made and verified by Regesta and by the tool of that
project, and attacked."""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from packs import fetch

from conftest import Caller
from regesta_server import binary

TOOL = pathlib.Path(sys.executable).parent / "model_signing"


def cli(server, *words):
    return subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=120,
                          env=os.environ | {"REGESTA_URL": server.url, "HOME": "/nonexistent"})


def ok(server, *words):
    done = cli(server, *words)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def keys(folder, name, curve="P-256"):
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", folder / f"{name}.pem"],
                   check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", folder / f"{name}.pem", "-pubout", "-out", folder / f"{name}.pub"], check=True)
    return folder / f"{name}.pem", folder / f"{name}.pub"


def tool(*words):
    if not TOOL.exists():
        pytest.skip("model-signing is not installed")
    return subprocess.run([TOOL, *map(str, words)], capture_output=True, text=True, timeout=120)


@pytest.fixture
def model(server, tmp_path):
    """A folder that is registered as model loan@1. Its names have an order of their own in the format."""
    folder = tmp_path / "model"
    for path, text in {"a/b": "inner", "a-b": "next", "weights.bin": "w" * 5000, "config.json": "{}"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    ok(server, "version", "create", "loan", "--file", folder)
    return folder


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521"])
def test_each_tool_verifies_the_signatures_of_the_other(server, model, tmp_path, curve):
    private, public = keys(tmp_path, "ours", curve)
    signature = tmp_path / "model.sig"
    ok(server, "sign", "loan@1", "--key", private, "--output", signature)
    done = tool("verify", "key", model, "--signature", signature, "--public_key", public)
    assert done.returncode == 0, done.stdout + done.stderr
    ok(server, "verify-signature", "loan@1", "--key", public)
    ok(server, "verify-signature", "--path", model, "--signature", signature, "--key", public)

    theirs = tmp_path / "theirs.sig"
    done = tool("sign", "key", model, "--signature", theirs, "--private_key", private)
    assert done.returncode == 0, done.stdout + done.stderr
    ok(server, "verify-signature", "loan@1", "--signature", theirs, "--key", public)
    ok(server, "verify-signature", "--path", model, "--signature", theirs, "--key", public)
    ok(server, "sign", "loan@1", "--signature", theirs, "--public-key", public)


def test_changed_files_and_unknown_keys_do_not_verify(server, model, tmp_path):
    private, public = keys(tmp_path, "ours")
    _, stranger = keys(tmp_path, "stranger")
    signature = tmp_path / "model.sig"
    ok(server, "sign", "loan@1", "--key", private, "--output", signature)
    assert cli(server, "verify-signature", "loan@1", "--key", stranger).returncode == 5
    assert cli(server, "verify-signature", "--path", model, "--signature", signature, "--key", stranger).returncode == 5

    (model / "config.json").write_text('{"changed": true}')
    changed = cli(server, "verify-signature", "--path", model, "--signature", signature, "--key", public)
    assert changed.returncode == 5 and "config.json has the digest" in changed.stdout
    ok(server, "version", "create", "loan", "--file", model)
    refused = cli(server, "sign", "loan@2", "--signature", signature, "--public-key", public)
    assert refused.returncode != 0 and "config.json" in refused.stderr, "a signature for other files"
    (model / "config.json").write_text("{}")
    (model / "extra").write_text("x")
    extra = cli(server, "verify-signature", "--path", model, "--signature", signature, "--key", public)
    assert extra.returncode == 5 and "does not cover extra" in extra.stdout


def test_the_server_stores_only_signatures_that_verify(server, model, tmp_path):
    private, public = keys(tmp_path, "ours")
    signature = tmp_path / "model.sig"
    ok(server, "sign", "loan@1", "--key", private, "--output", signature, "--local")
    root, good = Caller(server), json.loads(signature.read_text())

    def add(bundle, pem=None):
        return root.post("/api/v1/evidence", {"asset": {"kind": "model", "name": "loan", "version": 1}, "type": "signature",
                                              "body": {"bundle": bundle, "public_key": pem or public.read_text()}})

    forged = json.loads(signature.read_text())
    payload = base64.b64decode(forged["dsseEnvelope"]["payload"]).replace(b"config.json", b"config.yaml")
    forged["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
    stripped = json.loads(signature.read_text())
    stripped["dsseEnvelope"]["signatures"] = []
    twice = json.loads(signature.read_text())
    twice["dsseEnvelope"]["signatures"] *= 2
    for bundle in (forged, stripped, twice, {}, [], "x"):
        assert add(bundle).status == 400, bundle
    assert add(good, private.read_text()).status == 400, "a private key must not be stored"
    rsa = subprocess.run("openssl genrsa 2048 2>/dev/null | openssl rsa -pubout 2>/dev/null", shell=True, capture_output=True, text=True)
    assert add(good, rsa.stdout).status == 400
    assert root.get("/api/v1/evidence?kind=model&name=loan").json["items"] == [] or all(
        item["type"] != "signature" for item in root.get("/api/v1/evidence?kind=model&name=loan").json["items"])
    made = add(good)
    assert made.status == 201 and made.json["verified"] is True
    key = made.json["summary"]["signed_by"]
    assert key == good["verificationMaterial"]["publicKey"]["hint"]
    pack = fetch(root, "model", "loan", 1)
    item = next(item for item in pack.json("evidence.json") if item["type"] == "signature")
    assert item["summary"]["signed_by"] == key and pack.json(item["file"])["bundle"] == good


def test_a_policy_can_require_a_signature(server, model, tmp_path):
    private, public = keys(tmp_path, "ours")
    root = Caller(server)
    key = subprocess.run(["sha256sum", public], capture_output=True, text=True).stdout.split()[0]
    rego = f'''package regesta.gate
deny contains {{"code": "signature", "msg": "the release key must have signed the files"}} if {{
  not "{key}" in input.candidate.signed_by
}}
'''
    policy = tmp_path / "signed.rego"
    policy.write_text(rego)
    ok(server, "policy", "push", "signed", policy)
    ok(server, "policy", "bind", "signed", "model/loan#production")
    assert cli(server, "alias", "set", "loan", "production", "1").returncode != 0
    ok(server, "sign", "loan@1", "--key", private)
    ok(server, "alias", "set", "loan", "production", "1")
    shutil.rmtree(model)
    assert root.get("/api/v1/assets/model/loan/aliases/production").json["version"] == 1
