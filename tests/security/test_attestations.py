"""What the server attests, verified with other tools: SLSA provenance of versions, and a summary per gate decision."""

import base64
import json
import os
import subprocess

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from conftest import Caller
from regesta_server import binary

POLICY = 'package regesta.gate\ndeny contains {"code": "no", "msg": "no"} if input.candidate.tags.bad == "yes"\n'


def opened(bundle, key):
    """The statement, if the key has signed it: DSSE as its specification says."""
    envelope = bundle["dsseEnvelope"]
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    key.verify(base64.b64decode(envelope["signatures"][0]["sig"]), message, ec.ECDSA(hashes.SHA256()))
    return json.loads(payload)


def test_provenance_and_summaries_verify(server, tmp_path):
    def cli(*words, code=0):
        done = subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=120,
                              env=os.environ | {"REGESTA_URL": server.url, "HOME": "/nonexistent"})
        assert (done.returncode == 0) == (code == 0), done.stdout + done.stderr
        return done.stdout

    root = Caller(server)
    (tmp_path / "weights.bin").write_text("weights")
    (tmp_path / "p.rego").write_text(POLICY)
    cli("version", "create", "loan", "--file", tmp_path / "weights.bin")
    cli("version", "create", "loan", "--file", tmp_path / "p.rego", "-t", "bad=yes")
    cli("policy", "push", "gate", tmp_path / "p.rego")
    cli("policy", "bind", "gate", "model/loan#production")
    cli("alias", "set", "loan", "production", "1")
    cli("alias", "set", "loan", "production", "2", code=1)

    pem = root.get("/ledger/attestation-key").body
    key = serialization.load_pem_public_key(pem)
    provenance = root.get("/api/v1/assets/model/loan/versions/1/provenance").json
    statement = opened(provenance, key)
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    digest = subprocess.run(["sha256sum", tmp_path / "weights.bin"], capture_output=True, text=True).stdout.split()[0]
    assert statement["subject"] == [{"name": "weights.bin", "digest": {"sha256": digest}}]
    assert statement["predicate"]["runDetails"]["builder"]["id"].startswith("http")

    results = {}
    for decision in root.get("/api/v1/decisions?kind=model&name=loan").json["items"]:
        bundle = root.get(f"/api/v1/decisions/{decision['digest']}/attestation").json
        said = opened(bundle, key)
        assert said["predicateType"] == "https://slsa.dev/verification_summary/v1"
        assert said["predicate"]["policy"]["digest"]["sha256"] and said["predicate"]["resourceUri"].endswith("#production")
        results[said["predicate"]["verificationResult"]] = said["subject"][0]["name"]
    assert results == {"PASSED": "weights.bin", "FAILED": "p.rego"}

    forged = json.loads(json.dumps(provenance))
    payload = base64.b64decode(forged["dsseEnvelope"]["payload"]).replace(digest.encode(), b"0" * 64)
    forged["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
    with pytest.raises(InvalidSignature):
        opened(forged, key)
    assert server.restart().port and Caller(server).get("/ledger/attestation-key").body == pem


def test_the_statement_is_one_for_the_libraries_of_in_toto(server, tmp_path):
    import in_toto_attestation.v1.statement as statements
    import securesystemslib.dsse as envelopes
    import securesystemslib.signer as signers
    root = Caller(server)
    subprocess.run([binary(), "prompt", "create", "greeting", "--template", "Hello"], check=True, capture_output=True,
                   env=os.environ | {"REGESTA_URL": server.url, "HOME": "/nonexistent"})
    bundle = root.get("/api/v1/assets/prompt/greeting/versions/1/provenance").json
    from google.protobuf.json_format import ParseDict
    from in_toto_attestation.v1 import statement_pb2

    said = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    statements.Statement.copy_from_pb(ParseDict(said, statement_pb2.Statement())).validate()

    identity = bundle["dsseEnvelope"]["signatures"][0]["keyid"]
    envelope = envelopes.Envelope.from_dict(bundle["dsseEnvelope"])
    pem = serialization.load_pem_public_key(root.get("/ledger/attestation-key").body)
    key = signers.SSlibKey.from_crypto(pem, keyid=identity)
    assert envelope.verify([key], 1)
