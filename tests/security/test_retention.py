"""Attacks by way of retention: make rules delete what may not go, or do it for somebody who may not."""

from test_holds import hold, vera  # noqa: F401

from artifacts import MLFLOW, entries, model, verified, version
from conftest import FOUR_EYES, PASSWORD, Caller


def rule(who, name="all", **more):
    return who.ok("PUT", f"/api/v1/retention/rules/{name}", {"delete_after": "0d", **more})


def plan(who):
    return who.ok("GET", "/api/v1/retention/plan")


def subjects(found):
    return sorted(item["subject"] for item in found["items"])


def test_what_is_protected_held_or_cited_stays(house, vera):
    """A rule for everything, by an administrator, who could delete what is cited by hand."""
    model(house.carl, "loan")
    for n in range(1, 7):
        assert version(house.carl, "loan", f"s3://bucket/{n}").status == 200
    house.carl.ok("PUT", "/api/v1/assets/model/loan/aliases/production", {"version": 1})
    house.guard("model/loan#production", FOUR_EYES)
    number = hold(house.root, kind="model", name="loan", version=2)
    house.carl.ok("POST", "/api/v1/evidence", {"asset": {"kind": "model", "name": "loan", "version": 3}, "type": "card", "body": "# Card\nSays something."})
    house.carl.post(f"{MLFLOW}/registered-models/alias", {"name": "loan", "alias": "production", "version": "4"})  # waits for approval
    rule(house.root)
    found = plan(house.root)
    assert subjects(found) == ["model/loan@5", "model/loan@6"]
    reasons = {item["subject"]: item["reason"] for item in found["kept"]}
    assert "points to it" in reasons["model/loan@1"] and f"legal hold {number}" in reasons["model/loan@2"]
    assert "evidence/" in reasons["model/loan@3"] and "change-request/" in reasons["model/loan@4"]
    done = house.root.ok("POST", "/api/v1/retention/apply", {"digest": found["digest"]})
    assert done["finished"] and done["deleted"] == 2 and not done["skipped"]
    left = house.carl.ok("GET", "/api/v1/assets/model/loan/versions")["items"]
    assert [item["version"] for item in left] == [4, 3, 2, 1]
    assert [data["rule"] for data in entries(house.root, "version.deleted", 2)] == ["all@1", "all@1"]
    verified(house)


def test_a_plan_is_applied_as_it_was_read(house, vera):
    """Slip a version into a plan after it was read, or change the rule."""
    model(house.carl, "loan")
    assert version(house.carl, "loan", "s3://bucket/1").status == 200
    rule(house.root)
    digest = plan(house.root)["digest"]
    assert version(house.carl, "loan", "s3://bucket/2").status == 200
    refused = house.root.post("/api/v1/retention/apply", {"digest": digest})
    assert refused.status == 409 and "the plan has changed" in refused.text
    rule(house.root, keep_newest=1)
    assert house.root.post("/api/v1/retention/apply", {"digest": digest}).status == 409, "the same version, by another rule"
    done = house.root.ok("POST", "/api/v1/retention/apply", {"digest": plan(house.root)["digest"]})
    assert done["deleted"] == 1 and house.root.get("/api/v1/assets/model/loan/versions/2").status == 200


def test_only_administrators_of_every_name_use_rules(house):
    """Set a rule, read a plan with other people's names, or apply one, with less than that role."""
    model(house.carl, "loan")
    assert version(house.carl, "loan", "s3://bucket/1").status == 200
    rule(house.root)
    digest = plan(house.root)["digest"]
    house.root.ok("POST", "/api/v1/users", {"name": "adam", "password": PASSWORD, "grants": [{"role": "admin", "name_pattern": "l*"}]})
    adam = Caller(house.server, ("adam", PASSWORD))
    for who in (house.carl, house.rita, house.rex, house.wendy, adam, house.anonymous):
        for method, path, body in (("GET", "rules", None), ("PUT", "rules/all", {"delete_after": "0d"}), ("DELETE", "rules/all", None),
                                   ("GET", "plan", None), ("POST", "apply", {"digest": digest})):
            assert who.call(method, f"/api/v1/retention/{path}", body).status in (401, 403), (who.credentials, path)
    west = house.wendy.call("GET", "/api/v1/retention/plan", headers={"X-Regesta-Workspace": "west"})
    assert west.json["items"] == []


def test_archived_versions_are_neither_served_nor_promoted(house):
    """Serve or promote an archived version by its number, a range, an alias, a rollout, or MLflow's client."""
    for text in ("one", "two"):
        house.carl.prompt("letter", text)
    model(house.carl, "loan")
    for n in (1, 2):
        assert version(house.carl, "loan", f"s3://bucket/{n}").status == 200
    archive = lambda kind, name, number: house.carl.post(f"/api/v1/assets/{kind}/{name}/versions/{number}/archive", {})
    for kind, name in (("prompt", "letter"), ("model", "loan")):
        assert archive(kind, name, 2).status == 200
        refused = house.carl.call("PUT", f"/api/v1/assets/{kind}/{name}/aliases/production", {"version": 2})
        assert refused.status == 409 and "it is archived" in refused.text and "regesta version restore" in refused.text, refused
        assert house.carl.ok("GET", f"/api/v1/assets/{kind}/{name}/versions/latest")["version"] == 1
    assert house.carl.get("/api/v1/prompts/letter/resolve?version=2").status == 409 or \
        house.carl.get("/api/v1/prompts/letter/versions/2").status == 409
    moved = house.carl.post(f"{MLFLOW}/registered-models/alias", {"name": "loan", "alias": "live", "version": "2"})
    assert moved.status == 400 and "it is archived" in moved.text, moved
    staged = house.carl.post(f"{MLFLOW}/model-versions/transition-stage", {"name": "loan", "version": "2", "stage": "Production", "archive_existing_versions": False})
    assert staged.status == 400 and "it is archived" in staged.text, staged
    download = house.carl.get(f"{MLFLOW}/model-versions/get-download-uri?name=loan&version=2")
    assert download.status == 400 and "it is archived" in download.text, download
    house.carl.ok("PUT", "/api/v1/assets/model/loan/aliases/live", {"version": 1})
    served = archive("model", "loan", 1)
    assert served.status == 403 and "'live' points to it" in served.text
    hold(house.root, kind="model", name="loan", version=2)
    house.carl.ok("POST", "/api/v1/assets/model/loan/versions/2/restore", {})
    assert archive("model", "loan", 2).status == 403
    house.carl.ok("PUT", "/api/v1/assets/model/loan/aliases/live", {"version": 2})
    verified(house)
