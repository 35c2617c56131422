"""Attacks on legal holds: get rid of what one covers, by any client, or of the hold itself."""

import pytest

from artifacts import ART, MLFLOW, entries, experiment, model, put, run, verified, version
from conftest import PASSWORD, Caller

LANGFUSE = "/api/public/v2/prompts"


@pytest.fixture
def vera(house):
    """A second administrator."""
    house.root.ok("POST", "/api/v1/users", {"name": "vera", "password": PASSWORD, "grants": [{"role": "admin"}]})
    return Caller(house.server, ("vera", PASSWORD))


def hold(who, **target):
    return who.ok("POST", "/api/v1/holds", {"reason": "case 2026-14", **target})["id"]


def held(answer, number):
    """Refused for good, with the hold's number and the next step."""
    assert answer.status == 403, answer
    assert f"legal hold {number} forbids it" in answer.text and f"regesta hold lift {number}" in answer.text, answer


def test_no_client_deletes_what_is_held(house):
    """Delete a held version or its asset through each front, as its owner and as an administrator."""
    house.carl.prompt("letter", "Dear {{name}}")
    model(house.carl, "loan")
    assert version(house.carl, "loan", "s3://bucket/1").status == 200
    prompt = hold(house.root, kind="prompt", name="letter", version=1)
    loan = hold(house.root, kind="model", name="loan")
    for who in (house.carl, house.root):
        held(who.call("DELETE", "/api/v1/assets/prompt/letter/versions/1?force=true"), prompt)
        held(who.call("DELETE", "/api/v1/assets/prompt/letter?force=true"), prompt)
        held(who.call("DELETE", f"{LANGFUSE}/letter"), prompt)
        held(who.call("DELETE", f"{MLFLOW}/model-versions/delete", {"name": "loan", "version": "1"}), loan)
        held(who.call("DELETE", f"{MLFLOW}/registered-models/delete", {"name": "loan"}), loan)
    # The hold on an asset covers versions that come later; the one on a version does not.
    assert version(house.carl, "loan", "s3://bucket/2").status == 200
    held(house.root.call("DELETE", "/api/v1/assets/model/loan/versions/2"), loan)
    house.carl.prompt("letter", "Hello {{name}}")
    house.carl.ok("DELETE", "/api/v1/assets/prompt/letter/versions/2?force=true")
    verified(house)


def test_a_rename_neither_leaves_a_hold_nor_loses_it(house):
    """Rename a held asset to a name that no hold covers, and delete it there."""
    for name in ("loan-risk", "churn"):
        model(house.carl, name)
        assert version(house.carl, name, "s3://bucket/1").status == 200
    pattern = hold(house.root, kind="model", name_pattern="loan-*")
    held(house.root.call("PATCH", "/api/v1/assets/model/loan-risk", {"new_name": "other"}), pattern)
    held(house.root.post(f"{MLFLOW}/registered-models/rename", {"name": "loan-risk", "new_name": "other"}), pattern)
    house.carl.ok("PATCH", "/api/v1/assets/model/loan-risk", {"new_name": "loan-risk-eu"})
    one = hold(house.root, kind="model", name="churn")
    house.carl.ok("PATCH", "/api/v1/assets/model/churn", {"new_name": "retention"})
    held(house.root.call("DELETE", "/api/v1/assets/model/retention?force=true"), one)
    assert house.carl.ok("GET", "/api/v1/holds?kind=model&name=retention")["items"][0]["target"] == "model/retention"


def test_runs_that_a_held_version_cites_stay_with_their_files(house):
    """Delete the run behind a held version, its experiment, or its files; or replace a file."""
    exp = experiment(house.carl, "cited")
    run_id = run(house.carl, exp)["run_id"]
    put(house.carl, f"{exp}/{run_id}/artifacts/model/m", b"m")
    put(house.carl, f"{exp}/{run_id}/artifacts/report.json", b"bad")
    model(house.carl, "loan")
    assert version(house.carl, "loan", f"runs:/{run_id}/model", run_id=run_id).status == 200
    number = hold(house.root, kind="*", name_pattern="l*n")
    for who in (house.carl, house.root):
        held(who.post(f"{MLFLOW}/runs/delete", {"run_id": run_id}), number)
        held(who.post(f"{MLFLOW}/experiments/delete", {"experiment_id": exp}), number)
        held(who.call("DELETE", f"{ART}/{exp}/{run_id}/artifacts/report.json"), number)
        held(put(who, f"{exp}/{run_id}/artifacts/report.json", b"good"), number)
    assert put(house.carl, f"{exp}/{run_id}/artifacts/later.json", b"new").status == 200
    assert house.carl.get(f"{ART}/{exp}/{run_id}/artifacts/report.json").body == b"bad"
    other = run(house.carl, exp)["run_id"]
    house.carl.ok("POST", f"{MLFLOW}/runs/delete", {"run_id": other})


def test_who_may_place_and_lift(house, vera):
    """Place or lift a hold without the role; lift one's own; lift with a token."""
    model(house.carl, "loan")
    assert version(house.carl, "loan", "s3://bucket/1").status == 200
    for who in (house.carl, house.rita, house.wendy, house.anonymous):
        assert who.post("/api/v1/holds", {"kind": "model", "name": "loan", "reason": "x"}).status in (401, 403)
    number = hold(house.root, kind="model", name="loan")
    own = house.root.post(f"/api/v1/holds/{number}/lift", {"reason": "done"})
    assert own.status == 403 and "another administrator" in own.text
    token = house.token("ci", {"role": "admin"}).post(f"/api/v1/holds/{number}/lift", {"reason": "done"})
    assert token.status == 403 and "only users can" in token.text
    for who in (house.carl, house.wendy):
        assert who.post(f"/api/v1/holds/{number}/lift", {"reason": "done"}).status in (403, 404)
    assert vera.post(f"/api/v1/holds/{number}/lift", {"reason": " "}).status == 400
    held(house.root.call("DELETE", "/api/v1/assets/model/loan"), number)
    lifted = vera.ok("POST", f"/api/v1/holds/{number}/lift", {"reason": "case closed"})
    assert lifted["lifted_by"] == "user:vera"
    assert vera.post(f"/api/v1/holds/{number}/lift", {"reason": "again"}).status == 409
    house.carl.ok("DELETE", "/api/v1/assets/model/loan")
    assert entries(house.root, "hold.placed", 1)[0]["reason"] == "case 2026-14"
    assert entries(house.root, "hold.lifted", 1)[0] == {"placed_by": "user:root", "reason": "case closed", "target": "model/loan"}
    verified(house)


def test_a_hold_does_not_tell_names(house):
    """Learn from a hold, or from a refusal, what one may not read."""
    model(house.carl, "secret-plan")
    hold(house.root, kind="model", name="secret-plan")
    assert house.nina.ok("GET", "/api/v1/holds")["items"] == []
    assert house.nina.get("/api/v1/holds/1").status == 404
    assert house.walt.get("/api/v1/holds", headers={"X-Regesta-Workspace": "west"}).json["items"] == []
    assert house.nina.get("/api/v1/holds?kind=model&name=secret-plan").status == 403
    assert house.wendy.post("/api/v1/holds/1/lift", {"reason": "x"}, headers={"X-Regesta-Workspace": "west"}).status == 404


def test_a_workspace_with_a_hold_stays(house, vera):
    """Delete the workspace instead, while what is held has not been made yet."""
    west = {"X-Regesta-Workspace": "west"}
    number = house.root.ok("POST", "/api/v1/holds", {"kind": "*", "name_pattern": "*", "reason": "audit"}, headers=west)["id"]
    held(house.root.call("DELETE", "/api/v1/workspaces/west"), number)
    vera.ok("POST", f"/api/v1/holds/{number}/lift", {"reason": "over"}, headers=west)
    house.root.ok("DELETE", "/api/v1/workspaces/west")
