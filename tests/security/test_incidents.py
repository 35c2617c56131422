"""Attacks on incidents: knock out production with one, free a version from one, learn names through one."""

import pytest

from artifacts import entries, experiment, finish, model, put, run, verified, version
from conftest import FOUR_EYES, PASSWORD, Caller


def person(house, name, *grants):
    house.root.ok("POST", "/api/v1/users", {"name": name, "password": PASSWORD, "grants": list(grants)})
    return Caller(house.server, (name, PASSWORD))


@pytest.fixture
def audra(house):
    return person(house, "audra", {"role": "auditor"})


def two_versions(house, name="support"):
    """Versions 1 and 2 by Carl; production points to 2 and did point to 1."""
    for number, text in enumerate(("Be kind.", "Be quick."), 1):
        house.carl.prompt(name, text)
        house.carl.ok("PUT", f"/api/v1/assets/prompt/{name}/aliases/production", {"version": number})


def position(house, name="support", alias="production"):
    return house.root.ok("GET", f"/api/v1/assets/prompt/{name}/aliases/{alias}")["version"]


def opened(who, status=201, **more):
    answer = who.post("/api/v1/incidents", {"kind": "prompt", "name": "support", "version": "2", "reason": "invents refunds"} | more)
    assert answer.status == status, answer
    return answer.json


def test_a_reader_cannot_knock_out_production(house):
    """Open an incident without a right to write, approve or audit."""
    two_versions(house)
    for who in (house.rex, house.walt, house.wendy, house.nina, house.token("robot", {"role": "reader"}), house.anonymous):
        assert who.post("/api/v1/incidents", {"kind": "prompt", "name": "support", "version": "2",
                                              "reason": "x"}).status in (401, 403, 404)
    assert position(house) == 2
    assert house.root.ok("GET", "/api/v1/incidents")["items"] == []
    entries(house.root, "incident.opened", 0)


def test_an_auditor_opens_one_and_nothing_else_is_theirs(house, audra):
    """The rollback is part of the incident; the right to move aliases does not come with it."""
    two_versions(house)
    made = opened(audra)
    assert position(house) == 1 and made["serving"] == []
    assert audra.call("PUT", "/api/v1/assets/prompt/support/aliases/production", {"version": 2}).status == 403
    assert audra.post("/api/v1/assets/prompt/support/aliases/production/rollback", {}).status == 403
    moved = house.root.ok("GET", "/api/v1/assets/prompt/support/aliases/production")
    assert moved["since"]["actor"] == "user:audra", moved
    verified(house)


def test_no_way_leads_back_to_a_version_in_quarantine(house):
    """Move an alias, a stage or a rollout to it, by any client, or register its content again."""
    two_versions(house)
    opened(house.rita)
    again = house.carl.prompt("support", "Be slow.")["version"]
    assert house.carl.prompt("support", "Be quick.")["version"] == again + 1
    for number in (2, again + 1):
        moves = [
            ("PUT", "/api/v1/assets/prompt/support/aliases/production", {"version": number}),
            ("PUT", "/api/v1/assets/prompt/support/aliases/fresh", {"version": number}),
            ("POST", "/api/v1/assets/prompt/support/aliases/production/rollback", {"to": 2}),
            ("POST", "/api/v1/prompts/support/rollouts", {"alias": "production", "version": number, "steps": [{"weight": 10}]}),
            ("POST", "/api/2.0/mlflow/registered-models/alias", {"name": "support", "alias": "staging", "version": str(number)}),
        ]
        for who in (house.carl, house.root):
            for method, path, body in moves:
                answer = who.call(method, path, body)
                assert answer.status == 403 and "in quarantine" in answer.text, (path, answer)
    assert house.carl.post("/api/public/v2/prompts", {"name": "support", "prompt": "Be quick.", "type": "text",
                                                      "labels": ["production"]}).status in (400, 403)
    assert position(house) == 1
    release = house.rita.post("/api/v1/assets/prompt/support/versions/2/release", {"reason": "harmless"})
    assert release.status == 409 or release.status == 400, release


def test_a_version_in_quarantine_does_not_come_back_inside_another_or_as_a_copy(house):
    """Include the flawed prompt in another one, by either syntax, or copy the flawed model to another name."""
    two_versions(house)
    opened(house.rita)
    house.carl.prompt("around", "{{> support@2}}")
    house.carl.prompt("langfuse", "@@@langfusePrompt:name=support|version=2@@@")
    house.carl.prompt("twice", "{{> around@1}}")
    for name in ("around", "langfuse", "twice"):
        answer = house.carl.call("PUT", f"/api/v1/assets/prompt/{name}/aliases/production", {"version": 1})
        assert answer.status == 403 and "prompt/support@2" in answer.text, (name, answer)
    house.carl.prompt("good", "{{> support@1}}")
    house.carl.ok("PUT", "/api/v1/assets/prompt/good/aliases/production", {"version": 1})
    mlflow = "/api/2.0/mlflow/"
    for name, source in (("loan", "s3://bucket/loan"), ("copy", "models:/loan/1")):
        house.carl.ok("POST", mlflow + "registered-models/create", {"name": name})
        house.carl.ok("POST", mlflow + "model-versions/create", {"name": name, "source": source})
    house.rita.ok("POST", "/api/v1/incidents", {"kind": "model", "name": "loan", "version": 1, "reason": "biased"})
    answer = house.carl.post(mlflow + "registered-models/alias", {"name": "copy", "alias": "live", "version": "1"})
    assert answer.status == 403 and "model/loan@1" in answer.text, answer


def test_an_author_does_not_close_the_incident_of_their_version(house, audra):
    """Dismiss one's own flaw, or write the conclusion about it, alone or through the mitigation or a token."""
    mira = person(house, "mira", {"role": "contributor"}, {"role": "risk"})
    two_versions(house)
    mira.prompt("support", "Be careful.")
    number = opened(house.carl)["incident"]["id"]
    path = f"/api/v1/incidents/{number}/close"
    ending = {"status": "dismissed", "conclusion": "not so bad"}
    robot = house.token("robot", {"role": "risk"})
    for who in (house.carl, house.dora, house.rex, audra, robot):
        assert who.post(path, ending).status == 403
    mira.ok("POST", f"/api/v1/incidents/{number}/mitigation", {"version": "3"})
    assert "author of prompt/support@3" in mira.post(path, ending).text
    shown = house.rita.ok("GET", f"/api/v1/incidents/{number}")
    assert shown["may_close"] and not mira.ok("GET", f"/api/v1/incidents/{number}")["may_close"]
    house.rita.ok("POST", path, ending)
    house.carl.ok("PUT", "/api/v1/assets/prompt/support/aliases/production", {"version": 2})
    assert house.rita.post(path, ending).status == 409
    verified(house)


def test_policies_decide_about_the_rollback(house, audra):
    """An incident does not go around the gate: a rollback that needs an approval waits for it."""
    house.carl.prompt("support", "Be kind.")
    house.carl.ok("PUT", "/api/v1/assets/prompt/support/aliases/production", {"version": 1})
    house.carl.prompt("support", "Be quick.")
    house.carl.ok("PUT", "/api/v1/assets/prompt/support/aliases/production", {"version": 2})
    house.guard("prompt/*#production", FOUR_EYES)
    made = opened(audra)
    assert [note["kind"] for note in made["notes"]] == ["problem"] and "change request" in made["notes"][0]["text"]
    assert position(house) == 2 and [one["pointer"] for one in made["serving"]] == ["production"]
    # As long as it is served, it is not resolved.
    number = made["incident"]["id"]
    answer = house.rita.post(f"/api/v1/incidents/{number}/close", {"status": "resolved", "conclusion": "done"})
    assert answer.status == 403 and "still on 'production'" in answer.text
    request = house.root.ok("GET", "/api/v1/change-requests?status=open")["items"][0]
    approved = house.rita.ok("POST", f"/api/v1/change-requests/{request['id']}/approve", {})
    assert approved["outcome"] == "moved", str(approved)
    assert position(house) == 1
    house.rita.ok("POST", f"/api/v1/incidents/{number}/close", {"status": "resolved", "conclusion": "done", "report": True})
    verified(house)


def test_who_may_not_bind_a_policy_does_not_through_an_incident(house):
    """Attach a policy to production without being an administrator: nothing of the incident happens."""
    two_versions(house)
    house.root.ok("POST", "/api/v1/policies/strict", {"modules": [{"name": "gate.rego", "text": FOUR_EYES}]})
    for who in (house.carl, house.rita):
        opened(who, status=403, require_policy="strict")
    assert position(house) == 2 and house.root.ok("GET", "/api/v1/policies/bindings")["items"] == []
    made = opened(house.root, require_policy="strict")
    bound = house.root.ok("GET", "/api/v1/policies/bindings")["items"]
    assert [(one["name_pattern"], one["pointer"], one["policy"]) for one in bound] == [("support", "production", "strict")]
    assert made["notes"][0]["kind"] == "policy"


def test_an_incident_tells_no_names_that_its_reader_may_not_know(house):
    """See runs, models and datasets of others through what an incident collects, its report and its ledger entries."""
    exp = experiment(house.carl, "vault")
    info = run(house.carl, exp)
    put(house.carl, f"{info['artifact_uri'].removeprefix('mlflow-artifacts:/')}/model/weights")
    finish(house.carl, info["run_id"])
    for name in ("nina-model", "hidden-model"):
        model(house.carl, name)
        assert version(house.carl, name, f"runs:/{info['run_id']}/model", run_id=info["run_id"]).status == 200
    made = house.carl.ok("POST", "/api/v1/incidents", {"kind": "model", "name": "nina-model", "version": 1, "reason": "biased"})
    assert [one["node"] for one in made["facts"]["related"]] == ["model/hidden-model@1"]
    number = made["incident"]["id"]
    house.root.ok("POST", f"/api/v1/incidents/{number}/close", {"status": "resolved", "conclusion": "biased", "report": True})
    seen = house.nina.ok("GET", f"/api/v1/incidents/{number}")
    assert seen["withheld"] and seen["facts"]["related"] == [] and seen["facts"]["version"]["run"] == ""
    filed = house.nina.ok("GET", f"/api/v1/evidence/{seen['incident']['report']}")
    texts = [str(seen), str(filed)] + [house.nina.get(f"/api/v1/incidents/{number}/report?format={form}").text
                                       for form in ("markdown", "html")]
    for text in texts:
        assert "hidden-model" not in text and info["run_id"] not in text, text
    assert "body" not in filed
    assert "hidden-model" in str(house.root.ok("GET", f"/api/v1/evidence/{seen['incident']['report']}")["body"])
    house.server.settle()
    mine = house.nina.ok("GET", "/api/v1/ledger/entries?action=incident.opened")["items"]
    assert len(mine) == 1 and "hidden-model" not in str(mine)
    # Who may not read the asset sees no incident, and none in lists.
    other = person(house, "otto", {"role": "contributor", "name_pattern": "otto-*"})
    assert other.get(f"/api/v1/incidents/{number}").status == 404
    assert other.ok("GET", "/api/v1/incidents")["items"] == []
    assert other.ok("GET", "/api/v1/ledger/entries?action=incident.opened")["items"] == []
    assert house.walt.call("GET", f"/api/v1/incidents/{number}", headers={"X-Regesta-Workspace": "west"}).status == 404


def test_a_report_is_not_forged_and_text_is_no_markup(house):
    """Send a report as evidence; write markup into reason, notes and conclusion."""
    two_versions(house)
    forged = house.carl.post("/api/v1/evidence", {"type": "incident-report", "body": {"html": "fine"},
                                                  "asset": {"kind": "prompt", "name": "support", "version": 2}})
    assert forged.status == 400 and "incident close --report" in forged.text
    evil = "<script>alert(1)</script> [x](javascript:alert(1)) | cell"
    number = opened(house.carl, reason=evil)["incident"]["id"]
    house.carl.ok("POST", f"/api/v1/incidents/{number}/notes", {"text": evil})
    page = house.carl.get(f"/api/v1/incidents/{number}/report?format=html")
    assert "<script" not in page.text and "sandbox" in page.headers["Content-Security-Policy"]
    plain = house.carl.get(f"/api/v1/incidents/{number}/report?format=markdown").text
    assert "<script" not in plain.replace("\\<script", "") and "\\[x\\](" in plain and "\\| cell" in plain
    assert house.rex.post(f"/api/v1/incidents/{number}/notes", {"text": "me too"}).status == 403
