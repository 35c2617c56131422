"""Ways past the gate: rename and roll back, widening a rollout, deletion, self-made proof."""

import pytest

from conftest import FOUR_EYES, NO_BAD
from gate import alias, guard_production, holder, request_for, version

START = """package regesta.gate
# A canary of at most 5 % needs nobody; more needs a risk officer.
require contains {"code": "risk", "msg": "a risk officer approves more than 5 %",
  "approvals": {"role": "risk", "count": 1, "not_author": true}} if not small
small if {
  input.rollout
  every step in input.rollout.steps { step.weight <= 5 }
}
"""


# As in the ready policies: rolling back needs no approval.
GOING_BACK = """package regesta.gate
require contains {"code": "risk", "msg": "a risk officer approves",
  "approvals": {"role": "risk", "count": 1, "not_author": true}} if not going_back
going_back if {
  input.action == "rollback"
  input.candidate.version in input.held_before
}
"""


def promote(house, name, number, pointer="production"):
    """Sets the alias as dora asks, with rita's approval where one is needed."""
    answer = alias(house.dora, name, number, pointer)
    if answer.status in (200, 201, 204):
        return
    request = answer.json["error"]["detail"]["change_request"]["id"]
    house.rita.ok("POST", f"/api/v1/change-requests/{request}/approve", {"comment": "fine"})


# --- A3: rename and roll back ---------------------------------------------------------------------------------------


def test_history_from_before_the_binding_is_no_way_back(house):
    """Carl let v1 hold production while nobody guarded it, and rolls back to it once the alias is protected."""
    evil = version(house.carl, "greeting", "evil")
    alias(house.carl, "greeting", evil)
    good = version(house.carl, "greeting", "good")
    alias(house.carl, "greeting", good)
    guard_production(house, module=GOING_BACK)
    answer = rollback(house.carl, "greeting", evil)
    assert answer.status == 403, answer
    assert holder(house, "greeting") == good, answer


def test_history_under_an_unguarded_name_is_no_way_back(house):
    """Carl lets v1 hold production of 'draft', removes the alias, renames into the guarded pattern and rolls back."""
    guard_production(house, "prod-*", GOING_BACK)
    evil = version(house.carl, "draft", "evil")
    alias(house.carl, "draft", evil)
    house.carl.call("DELETE", "/api/v1/assets/prompt/draft/aliases/production")
    house.carl.ok("PATCH", "/api/v1/assets/prompt/draft", {"new_name": "prod-x"})
    good = version(house.carl, "prod-x", "good")
    promote(house, "prod-x", good)
    assert holder(house, "prod-x") == good
    rollback(house.carl, "prod-x", evil)
    assert holder(house, "prod-x") == good


def rollback(caller, name, to):
    return caller.post(f"/api/v1/assets/prompt/{name}/aliases/production/rollback", {"to": to})


def test_a_rename_into_a_guarded_pattern_asks_the_gate_for_each_pointer(house):
    """Carl sets production of 'draft' freely and renames it to a guarded name: what stands there must be allowed there."""
    guard_production(house, "prod-*", NO_BAD)
    bad = version(house.carl, "draft", "text", description="BAD")
    alias(house.carl, "draft", bad)
    answer = house.carl.call("PATCH", "/api/v1/assets/prompt/draft", {"new_name": "prod-x"})
    assert answer.status == 403 and "the description says BAD" in answer.text, answer
    assert house.root.get("/api/v1/assets/prompt/prod-x").status == 404
    fine = version(house.carl, "draft", "other text", description="fine")
    alias(house.carl, "draft", fine)
    house.carl.ok("PATCH", "/api/v1/assets/prompt/draft", {"new_name": "prod-x"})
    assert holder(house, "prod-x") == fine


def test_what_needs_an_approval_does_not_come_in_by_a_rename(house):
    """The same when the gate requires what is missing: no version is served under the guarded name."""
    guard_production(house, "prod-*")
    alias(house.carl, "draft", version(house.carl, "draft", "text"))
    answer = house.carl.call("PATCH", "/api/v1/assets/prompt/draft", {"new_name": "prod-x"})
    assert answer.status == 403 and "risk officer" in answer.text, answer
    mlflow = house.carl.post("/api/2.0/mlflow/registered-models/rename", {"name": "draft", "new_name": "prod-x"})
    assert mlflow.status == 403, mlflow
    assert house.root.get("/api/v1/assets/prompt/prod-x").status == 404


def test_a_contributor_does_not_rename_out_of_a_guarded_pattern(house):
    """Carl renames prod-x to x to get rid of its policy, even if no alias is set."""
    guard_production(house, "prod-*")
    version(house.carl, "prod-x", "text")
    answer = house.carl.call("PATCH", "/api/v1/assets/prompt/prod-x", {"new_name": "x"})
    assert answer.status == 403, answer
    house.root.ok("PATCH", "/api/v1/assets/prompt/prod-x", {"new_name": "x"})


# --- A4: a small canary becomes everybody -----------------------------------------------------------------------------


@pytest.fixture
def canary(house):
    """An approved v1 in production and a rollout of v2 that was decided for 5 %."""
    version(house.carl, "greeting", "one")
    alias(house.root, "greeting", 1)
    guard_production(house, module=START)
    version(house.carl, "greeting", "two")
    made = house.carl.ok("POST", "/api/v1/prompts/greeting/rollouts",
                         {"alias": "production", "version": 2, "steps": [{"weight": 5}]})
    return f"/api/v1/prompts/greeting/rollouts/{made['id']}"


def served(house, rollout):
    answer = house.root.get(rollout).json
    return answer["share"], answer.get("forced"), holder(house, "greeting")


@pytest.mark.parametrize("deed, body", [("kill", {"version": 2}), ("advance", {}), ("complete", {})])
def test_a_decision_for_five_percent_is_not_one_for_everybody(house, canary, deed, body):
    """Carl widens the 5 % canary to all callers by the kill switch, an advance behind the last step or completion."""
    answer = house.carl.post(f"{canary}/{deed}", body)
    assert answer.status == 403 and answer.json["error"]["detail"]["outcome"] == "pending", answer
    assert served(house, canary) == (5, None, 1)
    request = answer.json["error"]["detail"]["change_request"]["id"]
    house.rita.ok("POST", f"/api/v1/change-requests/{request}/approve", {"comment": "everybody"})
    assert served(house, canary)[1] == 2 if deed == "kill" else holder(house, "greeting") == 2
    assert house.cli("ledger", "verify", "--data", house.server.data).returncode == 0


def test_lowering_a_rollout_never_waits(house, canary):
    """Pausing, the kill switch to the stable version and rolling back need no decision."""
    house.carl.ok("POST", f"{canary}/pause", {"reason": "look"})
    house.carl.ok("POST", f"{canary}/kill", {})
    house.carl.ok("POST", f"{canary}/rollback", {"reason": "worse"})


def test_a_rollout_from_before_the_binding_asks_the_gate_to_go_on(house):
    """Carl starts a rollout on an unprotected alias; a policy is bound; he advances it to everybody."""
    for text in ("one", "two"):
        version(house.carl, "greeting", text)
    alias(house.carl, "greeting", 1)
    made = house.carl.ok("POST", "/api/v1/prompts/greeting/rollouts",
                         {"alias": "production", "version": 2, "steps": [{"weight": 1}, {"weight": 100}]})
    guard_production(house)
    for deed in ("advance", "complete"):
        answer = house.carl.post(f"/api/v1/prompts/greeting/rollouts/{made['id']}/{deed}", {})
        assert answer.status == 403 and "risk officer" in answer.text, answer
    assert house.root.get(f"/api/v1/prompts/greeting/rollouts/{made['id']}").json["share"] == 1


HELD = """package regesta.gate
require contains {"code": "held", "msg": "a risk officer lets it go on",
  "approvals": {"role": "risk", "count": 1, "not_author": true}} if input.rollout.held
"""


def test_what_a_guard_holds_is_let_go_by_the_gate(house):
    """Users do not split as planned, so the guard holds the rollout; carl resumes it by himself."""
    version(house.carl, "greeting", "one")
    alias(house.root, "greeting", 1)
    guard_production(house, module=HELD)
    version(house.carl, "greeting", "two")
    made = house.carl.ok("POST", "/api/v1/prompts/greeting/rollouts",
                         {"version": 2, "steps": [{"weight": 50}], "guards": [{"metric": "quality", "margin": 0.02}]})
    rollout = f"/api/v1/prompts/greeting/rollouts/{made['id']}"
    house.carl.ok("POST", "/api/v1/prompts/greeting/reports",
                  {"reports": [{"version": 2 if i % 4 == 0 else 1, "metric": "quality", "value": 0.5, "unit": f"u{i}"}
                               for i in range(600)]})
    assert house.root.get(rollout).json["hold"], house.root.get(rollout)
    answer = house.carl.post(f"{rollout}/resume", {})
    assert answer.status == 403 and "a risk officer lets it go on" in answer.text, answer
    assert house.root.get(rollout).json["hold"]
    house.carl.ok("POST", f"{rollout}/pause", {"reason": "look"})
    assert house.carl.post(f"{rollout}/resume", {}).status == 403
    house.rita.ok("POST", f"/api/v1/change-requests/{request_for(answer)}/approve", {"comment": "looked at"})
    shown = house.root.get(rollout).json
    assert not shown.get("hold") and shown["status"] == "running", shown
    assert house.cli("ledger", "verify", "--data", house.server.data).returncode == 0


def test_a_copy_keeps_its_author_when_the_origin_is_deleted(house):
    """dora copies carl's model; carl's asset is deleted, and carl approves what seems to be dora's work."""
    house.root.ok("PUT", "/api/v1/users/carl/grants", {"grants": [{"role": "contributor"}, {"role": "risk"}]})
    mlflow = "/api/2.0/mlflow/"
    for name, caller, source in (("origin", house.carl, "s3://bucket/loan"), ("copy", house.dora, "models:/origin/1")):
        caller.ok("POST", mlflow + "registered-models/create", {"name": name})
        caller.ok("POST", mlflow + "model-versions/create", {"name": name, "source": source})
    house.guard("model/copy#production", FOUR_EYES)
    house.root.ok("DELETE", "/api/v1/assets/model/origin?force=true")
    asked = house.dora.post(mlflow + "registered-models/alias", {"name": "copy", "alias": "production", "version": "1"})
    assert asked.status == 403, asked
    request = house.root.get("/api/v1/change-requests").json["items"][0]["id"]
    house.carl.post(f"/api/v1/change-requests/{request}/approve", {"comment": "fine"})
    aliases = "/api/v1/assets/model/copy/aliases"
    assert not house.root.ok("GET", aliases)["items"]
    house.rita.ok("POST", f"/api/v1/change-requests/{request}/approve", {"comment": "fine"})
    assert house.root.ok("GET", aliases)["items"]
    assert house.cli("ledger", "verify", "--data", house.server.data).returncode == 0


# --- A5: deletion -----------------------------------------------------------------------------------------------------


@pytest.fixture
def loan(house):
    """model/loan@1 from a run, with evidence, on a protected alias."""
    experiment = house.carl.ok("POST", "/api/2.0/mlflow/experiments/create", {"name": "loans"})["experiment_id"]
    run = house.carl.ok("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
    house.carl.ok("POST", "/api/2.0/mlflow/registered-models/create", {"name": "loan"})
    house.carl.ok("POST", "/api/2.0/mlflow/model-versions/create",
                  {"name": "loan", "source": "s3://bucket/loan", "run_id": run})
    house.guard("model/loan#production", NO_BAD)
    house.carl.ok("POST", "/api/2.0/mlflow/registered-models/alias",
                  {"name": "loan", "alias": "production", "version": "1"})
    return {"run": run, "experiment": experiment}


def deletions(loan):
    return [("DELETE", "/api/2.0/mlflow/model-versions/delete", {"name": "loan", "version": "1"}),
            ("DELETE", "/api/2.0/mlflow/registered-models/delete", {"name": "loan"}),
            ("POST", "/api/2.0/mlflow/runs/delete", {"run_id": loan["run"]}),
            ("POST", "/api/2.0/mlflow/experiments/delete", {"experiment_id": loan["experiment"]}),
            ("DELETE", "/api/v1/assets/model/loan/versions/1?force=true", None),
            ("DELETE", "/api/v1/assets/model/loan?force=true", None)]


def test_nobody_deletes_what_a_protected_alias_rests_on(house, loan):
    """Carl, and even the administrator, deletes the version, its asset, its run or its experiment."""
    for who in (house.carl, house.root):
        for method, path, body in deletions(loan):
            answer = who.call(method, path, body)
            assert answer.status in (400, 403, 409), (path, answer)
    assert house.root.get(f"/api/2.0/mlflow/runs/get?run_id={loan['run']}").json["run"]["info"]["lifecycle_stage"] \
        == "active"


def test_what_a_decision_cites_is_deleted_by_administrators_only(house, loan):
    """After the alias moved away, carl deletes the version that the decision was about, or the run it came from."""
    house.carl.ok("POST", "/api/2.0/mlflow/model-versions/create", {"name": "loan", "source": "s3://bucket/loan-2"})
    house.carl.ok("POST", "/api/2.0/mlflow/registered-models/alias",
                  {"name": "loan", "alias": "production", "version": "2"})
    for method, path, body in deletions(loan):
        if "registered-models" in path or path.endswith("loan?force=true"):
            continue
        answer = house.carl.call(method, path, body)
        assert answer.status == 403, (path, answer)
    house.root.ok("POST", "/api/2.0/mlflow/runs/delete", {"run_id": loan["run"]})


def test_evidence_keeps_a_version_from_being_deleted_by_its_author(house):
    """Carl deletes the version whose scan found something."""
    version(house.carl, "greeting", "text")
    house.dora.ok("POST", "/api/v1/evidence", {"asset": {"kind": "prompt", "name": "greeting", "version": 1},
                                               "type": "scan", "body": {"findings": 3}})
    assert house.carl.call("DELETE", "/api/v1/assets/prompt/greeting/versions/1").status == 403
    house.root.ok("DELETE", "/api/v1/assets/prompt/greeting/versions/1")


def test_an_alias_does_not_vanish_without_force(house):
    """Deleting a version takes unprotected aliases along only when somebody says so, and then says which."""
    version(house.carl, "greeting", "text")
    alias(house.carl, "greeting", 1, "beta")
    answer = house.carl.call("DELETE", "/api/v1/assets/prompt/greeting/versions/1")
    assert answer.status == 403 and "beta" in answer.text and "force" in answer.text, answer
    house.carl.ok("DELETE", "/api/v1/assets/prompt/greeting/versions/1?force=true")


def test_a_bound_policys_version_stays(house):
    """A policy version that decisions name cannot be deleted by whoever wrote it, or they no longer replay."""
    bound = guard_production(house)
    answer = house.root.call("DELETE", f"/api/v1/assets/policy/{bound['policy']}/versions/1")
    assert answer.status == 403, answer


def test_a_version_in_production_is_not_archived(house, loan):
    """Carl moves the version that the protected alias points to into the stage Archived."""
    answer = house.carl.post("/api/2.0/mlflow/model-versions/transition-stage",
                             {"name": "loan", "version": "1", "stage": "Archived", "archive_existing_versions": False})
    assert answer.status in (400, 403) and "production" in answer.text, answer


def archive(caller, name, number):
    return caller.post(f"/api/v1/assets/prompt/{name}/versions/{number}/archive", {})


def test_what_a_rollback_may_need_is_not_archived_by_a_contributor(house):
    """Carl archives the version that was in production before, so that nobody can roll back to it."""
    guard_production(house, module=GOING_BACK)
    for text in ("one", "two"):
        promote(house, "greeting", version(house.carl, "greeting", text))
    answer = archive(house.carl, "greeting", 1)
    assert answer.status == 403 and "decisions of the gate" in answer.text, answer
    assert rollback(house.carl, "greeting", 1).status == 200
    assert holder(house, "greeting") == 1
    house.root.ok("POST", "/api/v1/assets/prompt/greeting/versions/2/archive", {})


def test_a_version_under_an_open_request_or_with_evidence_is_not_archived_by_a_contributor(house):
    """Carl archives the candidate that rita is about to approve, or the version whose scan found something."""
    guard_production(house)
    request = request_for(alias(house.dora, "asked", version(house.dora, "asked", "text")))
    answer = archive(house.carl, "asked", 1)
    assert answer.status == 403 and f"change-request/{request}" in answer.text, answer
    house.rita.ok("POST", f"/api/v1/change-requests/{request}/approve", {"comment": "fine"})
    version(house.carl, "scanned", "text")
    house.dora.ok("POST", "/api/v1/evidence", {"asset": {"kind": "prompt", "name": "scanned", "version": 1},
                                               "type": "scan", "body": {"findings": 3}})
    assert archive(house.carl, "scanned", 1).status == 403
    version(house.carl, "plain", "text")
    version(house.carl, "plain", "other text")
    assert archive(house.carl, "plain", 1).status == 200, "what nothing cites is archived as before"


# --- A6: self-made proof ------------------------------------------------------------------------------------------------

NEEDS_TESTS = """package regesta.gate
require contains {"code": "golden", "msg": "somebody else ran the golden tests",
  "evidence": {"type": "golden-test", "not_author": true}}
require contains {"code": "runner", "msg": "a runner tested it",
  "evidence": {"type": "prompt-test", "origin": "runner"}} if input.candidate.tests
"""


def test_the_author_does_not_vouch_for_themselves(house):
    """Carl attaches the golden-test evidence that his own version needs."""
    guard_production(house, module=NEEDS_TESTS)
    version(house.carl, "greeting", "text")
    evidence = {"asset": {"kind": "prompt", "name": "greeting", "version": 1}, "type": "golden-test",
                "body": {"passed": 9}}
    house.carl.ok("POST", "/api/v1/evidence", evidence)
    assert alias(house.carl, "greeting", 1).status == 403
    assert holder(house, "greeting") is None
    made = house.dora.ok("POST", "/api/v1/evidence", evidence)
    assert made["origin"] == "client" and len(made["applied"]) == 1, made
    assert holder(house, "greeting") == 1
