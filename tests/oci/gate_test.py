"""A protected tag moves through the gate alone; manifests and tags are deleted by the rules for versions and aliases."""

import pytest
import requests

from conftest import Repository, code, sha256

PASSWORD = "a long password"
FOUR_EYES = """package regesta.gate
require contains {"code": "risk", "msg": "a risk officer approves",
  "approvals": {"role": "risk", "count": 1, "not_author": true}}
"""
NO_BAD = """package regesta.gate
deny contains {"code": "bad", "msg": "the artifact type is BAD", "remediation": "push another"} if {
  contains(input.candidate.tags["oci.manifest.artifact-type"], "bad")
}
"""


class House:
    def __init__(self, server):
        self.server = server
        self.ok("POST", "users", {"name": "root", "password": PASSWORD}, auth=None)
        for name, role in (("carl", "contributor"), ("dora", "contributor"), ("rita", "risk"), ("rex", "reader")):
            self.ok("POST", "users", {"name": name, "password": PASSWORD, "grants": [{"role": role}]})
        self.carl = Repository(server, auth=("carl", PASSWORD))

    def ok(self, method, path, body=None, auth="root"):
        answer = requests.request(method, f"{self.server.url}/api/v1/{path}", json=body, timeout=60, auth=(auth, PASSWORD) if auth else None)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def guard(self, pointer, module, pattern="*"):
        name = f"policy-{len(module)}"
        self.ok("POST", f"policies/{name}", {"modules": [{"name": "gate.rego", "text": module}]})
        self.ok("POST", "policies/bindings", {"policy": name, "kind": "artifact", "name_pattern": pattern, "pointer": pointer})


@pytest.fixture
def house(server):
    return House(server)


def test_a_protected_tag_needs_its_approval(house):
    house.guard("production", FOUR_EYES)
    text = house.carl.push("candidate", b"weights")
    answer = house.carl.put("production", text)
    assert answer.status_code == 403 and code(answer) == "DENIED", answer.text
    error = answer.json()["errors"][0]
    assert "risk officer" in error["message"] and error["detail"]["outcome"] == "pending"
    request = error["detail"]["change_request"]["id"]
    assert house.carl.get("production").status_code == 404
    assert house.carl.get(sha256(text)).status_code == 200  # what the officer looks at
    house.ok("POST", f"change-requests/{request}/approve", {"comment": "fine"}, auth="rita")
    assert house.carl.get("production").content == text
    moved = house.ok("GET", "assets/artifact/weights/aliases")["items"]
    assert {alias["name"]: alias["version"] for alias in moved} == {"candidate": 1, "production": 1}
    # Neither the tag nor what it points to can be deleted now.
    for reference in ("production", sha256(text)):
        refused = house.carl.call("DELETE", f"manifests/{reference}")
        assert refused.status_code == 403 and code(refused) == "DENIED", refused.text
    assert house.carl.blob(sha256(b"weights"), "DELETE").status_code == 403
    assert house.carl.get("production").content == text and house.carl.blob(sha256(b"weights")).content == b"weights"


def test_a_refused_tag_says_why(house):
    house.guard("tag.latest", NO_BAD)
    good = house.carl.push("latest", b"good")
    answer = house.carl.put("latest", house.carl.push("other", b"bad one", artifact_type="application/vnd.bad"))
    assert answer.status_code == 403 and code(answer) == "DENIED", answer.text
    assert "the artifact type is BAD" in answer.text and "push another" in answer.text
    assert house.carl.get("latest").content == good
    # By the parameter tag as well.
    text = house.carl.get("other").content
    by_digest = house.carl.put(sha256(text), text, params={"tag": "latest"})
    assert by_digest.status_code == 403 and house.carl.get("latest").content == good
    entries = requests.get(f"{house.server.url}/api/v1/decisions", auth=("root", PASSWORD), timeout=60).json()["items"]
    assert [entry["result"] for entry in entries].count("refused") == 2, entries


def test_every_move_is_in_the_ledger(house):
    house.carl.push("v1", b"one")
    house.carl.push("v1", b"two")
    assert house.carl.call("DELETE", "manifests/v1").status_code == 202
    for _ in range(200):
        entries = requests.get(f"{house.server.url}/api/v1/ledger/entries", params={"action": "alias.*"}, auth=("root", PASSWORD), timeout=60).json()["items"]
        if len(entries) == 3:
            break
    bodies = sorted((entry["body"] for entry in entries), key=lambda body: body["time"])
    assert [(body["action"], body["data"]["to"], body["actor"]) for body in bodies] == [
        ("alias.moved", 1, "user:carl"), ("alias.moved", 2, "user:carl"), ("alias.removed", 0, "user:carl")]


def test_a_reader_pulls_and_changes_nothing(house):
    text = house.carl.push("v1", b"one")
    rex = Repository(house.server, auth=("rex", PASSWORD))
    assert rex.get("v1").content == text and rex.blob(sha256(b"one")).content == b"one"
    for answer in (rex.put("v2", text), rex.call("DELETE", "manifests/v1"), rex.blob(sha256(b"one"), "DELETE"), rex.call("POST", "blobs/uploads/"),
                   rex.call("POST", "blobs/uploads/", params={"mount": sha256(b"one"), "from": "default/weights"})):
        assert answer.status_code == 403 and code(answer) == "DENIED", answer.text
    dora = Repository(house.server, auth=("dora", PASSWORD))
    location = house.carl.call("POST", "blobs/uploads/").headers["Location"]
    for answer in (dora.call("GET", location), dora.call("PATCH", location, data=b"x"), dora.call("DELETE", location)):
        assert answer.status_code == 404, answer.text
    assert house.carl.call("GET", location).status_code == 204
