"""Proof that is about something else, or that its beneficiary made: evidence, tests and approvals of another version."""

import json

import pytest

from artifacts import model, promote
from artifacts import version as model_version
from conftest import FOUR_EYES, NO_BAD, PASSWORD, Caller
from regesta_server import eventually

TESTS = [{"vars": {"name": "E"}, "assert": [{"type": "contains", "value": "E"}]}]
RESULT = {"model": "m-1", "duration_ms": 1,
          "cases": [{"pass": True, "score": 1, "latency_ms": 1, "output": "Hi E",
                     "findings": [{"type": "contains", "pass": True, "score": 1}]}]}
NEEDS_RUNNER = """package regesta.gate
require contains {"code": "runner", "msg": "a runner tested it",
  "evidence": {"type": "prompt-test", "origin": "runner", "current_tests": true, "at_least": {"pass_rate": 1}}} if
  input.candidate.tests
"""
NEEDS_GOLDEN = """package regesta.gate
require contains {"code": "golden", "msg": "golden tests", "evidence": {"type": "golden-test", "not_author": true}}
"""


def alias(caller, name, number, pointer="production"):
    return caller.call("PUT", f"/api/v1/assets/prompt/{name}/aliases/{pointer}", {"version": number})


def request_for(answer):
    assert answer.status == 403, answer
    return answer.json["error"]["detail"]["change_request"]["id"]


def golden(caller, name, body):
    return caller.ok("POST", "/api/v1/evidence", {"asset": {"kind": "prompt", "name": name, "version": 1},
                                                  "type": "golden-test", "body": body})


def approve(caller, request, **more):
    return caller.post(f"/api/v1/change-requests/{request}/approve", {"comment": "fine", **more})


def holder(house, name):
    answer = house.root.get(f"/api/v1/prompts/{name}/resolve?alias=production")
    return answer.json["version"] if answer.status == 200 else None


def test_a_runners_result_is_not_for_what_was_recreated(house):
    """Carl has an easy prompt leased by a runner, deletes it and recreates it with another text under the same name."""
    house.guard("prompt/*#production", NEEDS_RUNNER)
    runner = house.token("runner", {"role": "runner"})
    house.carl.ok("PUT", "/api/v1/prompts/p/tests", {"tests": TESTS})
    house.carl.prompt("p", "Hi {{name}}", model_config={"model": "m"})
    lease = runner.post("/api/v1/jobs/lease", {}).json
    house.carl.ok("DELETE", "/api/v1/assets/prompt/p?force=true")
    job = house.root.ok("GET", f"/api/v1/jobs/{lease['job']['id']}")
    assert job["status"] == "dead" and "deleted" in job["reason"], job
    house.carl.ok("PUT", "/api/v1/prompts/p/tests", {"tests": TESTS})
    evil = house.carl.prompt("p", "EVIL {{name}}", model_config={"model": "m"})["version"]
    answer = runner.post(f"/api/v1/jobs/{lease['job']['id']}/complete", {"lease": lease["lease"], "result": RESULT})
    assert answer.status in (404, 409), answer
    assert alias(house.carl, "p", evil).status == 403
    assert house.root.get("/api/v1/evidence?kind=prompt&name=p").json["items"] == []


def test_evidence_of_a_deleted_asset_is_nobody_elses(house):
    """The row id of a deleted version comes again: another prompt of the same text passes with its evidence."""
    house.guard("prompt/*#production", NEEDS_GOLDEN)
    house.carl.prompt("victim", "one")
    made = golden(house.dora, "victim", {"passed": 1, "note": "HIDDEN"})
    house.root.ok("DELETE", "/api/v1/assets/prompt/victim?force=true")
    house.nina.prompt("nina-other", "one")
    house.carl.prompt("victim", "one")
    assert alias(house.nina, "nina-other", 1).status == 403
    assert alias(house.carl, "victim", 1).status == 403
    for name in ("nina-other", "victim"):
        assert house.root.get(f"/api/v1/evidence?kind=prompt&name={name}").json["items"] == [], name
    assert house.nina.get(f"/api/v1/evidence/{made['id']}").status == 404
    assert house.carl.get(f"/api/v1/evidence/{made['id']}").status == 404
    assert house.root.get(f"/api/v1/evidence/{made['id']}").status == 200


def test_a_copy_does_not_hide_its_author(house):
    """Mo approves carl's copy of mo's own model."""
    house.root.ok("POST", "/api/v1/users", {"name": "mo", "password": PASSWORD,
                                            "grants": [{"role": "contributor"}, {"role": "risk"}]})
    mo = Caller(house.server, ("mo", PASSWORD))
    house.guard("model/*#production", FOUR_EYES)
    model(mo, "source")
    model_version(mo, "source", "s3://b/y")
    for name, source in (("middle", "models:/source/1"), ("copy", "models:/middle/1")):
        model(house.carl, name)
        assert model_version(house.carl, name, source).status == 200
    promote(house.carl, "copy", 1)
    request = house.root.ok("GET", "/api/v1/change-requests?status=open")["items"][0]["id"]
    answer = approve(mo, request)
    assert answer.status == 403 and "content that it is made of" in answer.text, answer
    assert approve(house.rita, request).json["outcome"] == "moved"


def test_the_author_does_not_take_the_tests_away(house):
    """Carl replaces the tests of his prompt with none, and the policy that asks for them 'if there are any' is content."""
    house.guard("prompt/*#production", NEEDS_RUNNER)
    house.carl.prompt("p", "Hi", model_config={"model": "m"})
    house.dora.ok("PUT", "/api/v1/prompts/p/tests", {"tests": TESTS})
    bad = house.carl.prompt("p", "Bye", model_config={"model": "m"})["version"]
    house.carl.ok("PUT", "/api/v1/prompts/p/tests", {"tests": []})
    assert alias(house.carl, "p", bad).status == 403
    assert holder(house, "p") is None
    house.dora.ok("PUT", "/api/v1/prompts/p/tests", {"tests": []})
    assert alias(house.carl, "p", bad).status == 200, "somebody else may"


def test_nobody_approves_what_changed_unseen(house):
    """Carl changes the description after rita looked; her approval by API, without a decision, must not count."""
    house.guard("prompt/*#production", FOUR_EYES)
    house.carl.prompt("p", "Hi", description="harmless")
    request = request_for(alias(house.carl, "p", 1))
    house.carl.ok("PATCH", "/api/v1/assets/prompt/p/versions/1", {"description": "EVIL now"})
    seen = house.rita.get(f"/api/v1/change-requests/{request}").json["decision"]
    answer = approve(house.rita, request, decision=seen)
    assert answer.status == 409 and "candidate.description" in answer.text, answer
    house.carl.ok("PATCH", "/api/v1/assets/prompt/p/versions/1", {"description": "EVIL again"})
    answer = approve(house.rita, request)
    assert answer.status == 409 and "review it again" in answer.text, answer
    assert holder(house, "p") is None
    assert house.rita.get(f"/api/v1/change-requests/{request}").json["approvals"] == []
    assert approve(house.rita, request).json["outcome"] == "moved"


def rollout_of(house, **plan):
    for text in ("one", "two"):
        house.carl.prompt("p", text)
    alias(house.root, "p", 1)
    house.guard("prompt/*#production", """package regesta.gate
early if input.rollout.early
early if input.widening.early
require contains {"code": "risk", "msg": "a risk officer agrees to hurry", "approvals": {"role": "risk"}} if early
""")
    made = house.carl.ok("POST", "/api/v1/prompts/p/rollouts", {"alias": "production", "version": 2, **plan})
    return f"/api/v1/prompts/p/rollouts/{made['id']}"


def test_a_decided_rollout_keeps_its_pace(house):
    """Carl advances, or completes, a decided rollout before its step has baked."""
    rollout = rollout_of(house, steps=[{"weight": 5, "bake_seconds": 3600}, {"weight": 100, "bake_seconds": 3600}])
    for deed in ("advance", "complete"):
        answer = house.carl.post(f"{rollout}/{deed}", {})
        assert answer.status == 403 and "hurry" in answer.text, (deed, answer)
    assert house.root.get(rollout).json["share"] == 5
    assert holder(house, "p") == 1


def test_a_step_that_waits_for_a_person_asks_nobody(house):
    """Steps without a bake time are the plan's own pauses: whoever may write goes on."""
    rollout = rollout_of(house, steps=[{"weight": 5}, {"weight": 100}])
    house.carl.ok("POST", f"{rollout}/advance", {})
    house.carl.ok("POST", f"{rollout}/complete", {})
    assert holder(house, "p") == 2


def test_segments_count_as_everybody(house):
    """A canary of 1 % with a segment that serves the candidate to whoever is in it."""
    house.carl.prompt("p", "one")
    alias(house.root, "p", 1)
    house.guard("prompt/*#production", """package regesta.gate
deny contains {"code": "wide", "msg": "more than 5 %"} if input.rollout.share > 5
deny contains {"code": "wide", "msg": "more than 5 % in the end"} if input.rollout.final_share > 5
""")
    house.carl.prompt("p", "two")
    everybody = [{"attribute": "tier", "operator": "in", "values": ["a"]}]
    for segment in ({"serve": "candidate"}, {"weight": 100}):
        answer = house.carl.post("/api/v1/prompts/p/rollouts",
                                 {"alias": "production", "version": 2, "steps": [{"weight": 1}],
                                  "segments": [{"name": "all", "when": everybody, **segment}]})
        assert answer.status == 403 and "5 %" in answer.text, answer


def test_refusals_do_not_name_what_is_hidden(house):
    """Nina deletes something that a prompt or pointer depends on, and learns from the refusal a name that she must not read."""
    house.nina.prompt("nina-part", "footer")
    house.carl.prompt("SECRETPROMPT", "text {{> nina-part}}")
    model(house.nina, "nina-m")
    model_version(house.nina, "nina-m", "s3://b/x")
    model(house.root, "SECRETMODEL")
    assert model_version(house.root, "SECRETMODEL", "models:/nina-m/1").status == 200
    house.guard("model/*#production", NO_BAD)
    assert promote(house.root, "SECRETMODEL", 1).status == 200
    for path in ("prompt/nina-part/versions/1", "prompt/nina-part", "model/nina-m/versions/1", "model/nina-m"):
        answer = house.nina.call("DELETE", f"/api/v1/assets/{path}?force=true")
        assert answer.status in (403, 409) and "SECRET" not in answer.text, (path, answer)
        assert "that you cannot read" in answer.text, (path, answer)
        answer = house.root.call("DELETE", f"/api/v1/assets/{path}?force=true")
        assert "SECRET" in answer.text, (path, answer)


GOLDEN = """package regesta.gate
deny contains {"code": "golden", "msg": "the golden tests must pass"} if not input.candidate.golden.passed
"""


def golden_version(who, expected):
    line = json.dumps({"inputs": {"x": "1"}, "expected": expected}).encode()
    blob = who.ok("PUT", "/api/v1/blobs", raw=line + b"\n")["digest"]
    return who.ok("POST", "/api/v1/assets/dataset/golden/versions", {"files": [{"path": "g.jsonl", "digest": blob}]})["version"]


def answer_golden_job(runner, output):
    """What an honest runner does, whose model says `output`."""
    leased = eventually(lambda: (answer := runner.post("/api/v1/jobs/lease", {})).body and answer.json)
    job = leased["job"]
    runs = [[{"output": output}]] * leased["work"]["repeats"]
    runner.ok("POST", f"/api/v1/jobs/{job['id']}/complete", {"lease": leased["lease"], "result": {"runs": runs}})


@pytest.mark.parametrize("how", ["data of one's own", "older data of others"])
def test_the_author_does_not_choose_the_golden_data(house, how):
    """A golden rule follows an alias of its dataset. carl, who may move it, points it to data that his prompt passes."""
    house.dora.ok("POST", "/api/v1/assets", {"kind": "dataset", "name": "golden"})
    golden_version(house.dora, "bad")
    golden_version(house.dora, "good")
    alias = "/api/v1/assets/dataset/golden/aliases/current"
    house.dora.ok("PUT", alias, {"version": 2})
    house.root.ok("POST", "/api/v1/golden-rules", {"name": "g", "kind": "prompt", "name_pattern": "pay", "dataset": "golden", "version": "current"})
    house.guard("prompt/pay#production", GOLDEN)
    runner = house.token("runner", {"role": "runner"})
    house.carl.ok("PUT", alias, {"version": golden_version(house.carl, "bad") if how == "data of one's own" else 1})
    house.carl.prompt("pay", "Say bad. {{x}}")
    answer_golden_job(runner, "bad")
    refused = house.carl.call("PUT", "/api/v1/assets/prompt/pay/aliases/production", {"version": 1})
    assert refused.status == 403 and "golden tests" in refused.text, refused
    # Somebody else may change the data: what dora points to counts for carl's prompt.
    house.dora.ok("PUT", alias, {"version": golden_version(house.dora, "fine")})
    house.carl.prompt("pay", "Say fine. {{x}}")
    answer_golden_job(runner, "fine")
    house.carl.ok("PUT", "/api/v1/assets/prompt/pay/aliases/production", {"version": 2})
