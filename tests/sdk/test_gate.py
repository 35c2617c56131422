"""Promotion through a gate, and the pytest plugin."""

import os
import subprocess
import sys

import pytest

import regesta
from sdk import SOURCE, api, bind, connect, greeting

GATE = """package regesta.gate

deny contains {"code": "blocked", "msg": "version 2 is blocked", "remediation": "make another"} if input.candidate.version == 2

require contains {"code": "review", "msg": "a reviewer approves", "role": "approver"} if input.candidate.version == 3
"""


@pytest.fixture
def client(server):
    greeting(server, versions=4)
    bind(server, GATE)
    with connect(server) as made:
        yield made


def test_a_move_that_the_gate_allows(client):
    move = client.promote("prompt/greeting@4", reason="better")
    assert (move.outcome, move.from_version, move.to_version) == ("moved", 1, 4) and move.decision and move.entry
    assert client.decision(move.decision)["result"] in ("allow", "allowed", "moved")
    with pytest.raises(regesta.RegestaError) as caught:
        client.promote("prompt/greeting@1", expect=1)
    assert caught.value.status == 409
    assert client.rollback("prompt/greeting").to_version == 1
    assert client.promote("prompt/greeting@^1.0", to="staging").to_version == 4


def test_a_refusal_has_every_reason(client):
    with pytest.raises(regesta.GateRefused, match="version 2 is blocked") as caught:
        client.promote("prompt/greeting@2")
    refused = caught.value
    assert refused.outcome == "refused" and [one["code"] for one in refused.violations] == ["blocked"]
    assert refused.requirements == [] and refused.change_request is None and len(refused.decision) == 64
    check = client.check("prompt/greeting@2")
    assert not check.passes and check.outcome == "refused" and "version 2 is blocked" in str(check)
    assert client.check("prompt/greeting@4").passes


def test_a_missing_approval_opens_a_change_request(server, client):
    with pytest.raises(regesta.GateRefused) as caught:
        client.promote("prompt/greeting@3", reason="please")
    refused = caught.value
    assert refused.outcome == "pending" and [one["code"] for one in refused.requirements] == ["review"]
    assert refused.change_request and refused.change_request_url.endswith(f"/{refused.change_request}")
    request = client.request("GET", f"/api/v1/change-requests/{refused.change_request}")
    assert request["name"] == "greeting"
    assert client.check("prompt/greeting@3").missing[0]["code"] == "review"


@pytest.mark.parametrize("reference", ["greeting", "prompt/greeting", "prompt/greeting@", "@1"])
def test_a_reference_without_a_version(client, reference):
    with pytest.raises(ValueError, match="KIND/NAME@VERSION"):
        client.promote(reference)


def test_the_pytest_plugin(server, client, tmp_path):
    (tmp_path / "test_prompts.py").write_text("""
def test_four(assert_gate, regesta):
    assert assert_gate("prompt/greeting@4").passes
    assert regesta.prompt("greeting").render(name="Ada") == "Hello Ada, 1!"

def test_three(assert_gate):
    assert_gate("prompt/greeting@3", allow_pending=True)

def test_three_strictly(assert_gate):
    assert_gate("prompt/greeting@3")

def test_two(assert_gate):
    assert_gate("prompt/greeting@2", to="production", allow_pending=True)
""")
    server.settle()
    before = api(server, "GET", "/api/v1/ledger")
    ran = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "regesta.pytest_plugin", "-p", "no:cacheprovider",
                          "--regesta-url", server.url, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path,
                         env=os.environ | {"PYTHONPATH": str(SOURCE)})
    assert "2 failed, 2 passed" in ran.stdout, ran.stdout + ran.stderr
    assert "✗ version 2 is blocked" in ran.stdout and "… a reviewer approves" in ran.stdout
    server.settle()
    assert api(server, "GET", "/api/v1/ledger") == before  # a check leaves no trace
