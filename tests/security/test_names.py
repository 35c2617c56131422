"""People decide by names: none may look like another one, hide something, or claim what is not so."""

import pathlib
import sqlite3
from urllib.parse import quote

import pytest

from conftest import FOUR_EYES, PASSWORD, git_push

MISLEADING = ["lo\u200ban-risk", "loan-risk\u200d", "loan\u202e-risk", "\u2066loan-risk", "loan-risk\u00a0", "\u3000loan-risk",
              "loan-risk ", "loan\u00adrisk", "lo\ufe0fan", "loan\u2028risk", "l\u043ean-risk", "\u03bfoan", "loan-\u0440\u0430\u0443",
              "\uff4coan-risk", "loan\u2010risk", "loan\u00a0risk", "cafe\u0301", "loan\u2800risk", "\U000e0041loan"]
FINE = ["loan-risk", "Loan risk 2", "caf\u00e9", "\u043c\u043e\u0434\u0435\u043b\u044c-v2", "\u6771\u4eac\u30e2\u30c7\u30eb", "\U0001f642 model",
        "\u0441\u0430\u0445\u0430\u0440", "\u03b1-model", "\u21161", "it\u2019s", "\u00bd"]


@pytest.mark.parametrize("kind", ["prompt", "model", "dataset", "artifact"])
def test_an_asset_gets_no_name_that_people_misread(house, kind):
    """An approver of loan-risk sees another asset of the same looks."""
    for name in MISLEADING:
        refused = house.carl.post("/api/v1/assets", {"kind": kind, "name": name})
        assert refused.status == 400, (name, refused)
    for name in FINE:
        house.carl.ok("POST", "/api/v1/assets", {"kind": kind, "name": name})


def test_an_asset_does_not_look_like_another(house):
    """A prompt whose name is Cyrillic from end to end stands beside 'pay' and reads the same."""
    house.carl.prompt("pay", "Pay.")
    house.carl.ok("POST", "/api/v1/assets", {"kind": "model", "name": "it's-1"})
    house.carl.ok("POST", "/api/v1/assets", {"kind": "model", "name": "plain"})
    for twin in ("\u0440\u0430\u0443", "\u0440\u0430\u04af", "it\u2019s-1", "it's-l"):
        refused = house.carl.post("/api/v1/assets", {"kind": "model", "name": twin})
        assert refused.status == 400 and "looks like the name of another" in refused.text, (twin, refused)
        assert house.carl.post("/api/v1/prompts/" + quote(twin) + "/versions", {"template": "x"}).status == 400, twin
        made = house.carl.post("/api/2.0/mlflow/registered-models/create", {"name": twin})
        assert made.status == 400 and made.json["error_code"] == "INVALID_PARAMETER_VALUE", (twin, made)
        assert house.carl.call("PATCH", "/api/v1/assets/model/plain", {"new_name": twin}).status == 400, twin
    # The other way round, in another workspace, and of things that share no names.
    house.carl.ok("POST", "/api/v1/assets", {"kind": "model", "name": "\u0441\u043e\u0440"})
    assert house.carl.post("/api/v1/assets", {"kind": "prompt", "name": "cop"}).status == 400
    house.carl.ok("POST", "/api/v1/assets", {"kind": "dataset", "name": "cop"})
    house.walt.ok("POST", "/api/v1/assets", {"kind": "model", "name": "cop"}, headers={"X-Regesta-Workspace": "west"})
    house.carl.ok("PATCH", "/api/v1/assets/model/plain", {"new_name": "plainly"})


def test_an_asset_does_not_read_as_a_version_or_alias_of_another(house):
    """A prompt named 'pay#production' stands in every list where the protected alias of 'pay' is looked for."""
    house.carl.prompt("pay", "Pay.")
    for twin in ("pay#production", "pay@1", "pay@v1.0.0", "\u0440\u0430\u0443#production"):
        for kind in ("prompt", "model"):
            assert house.carl.post("/api/v1/assets", {"kind": kind, "name": twin}).status == 400, twin
        assert house.carl.post("/api/2.0/mlflow/registered-models/create", {"name": twin}).status == 400, twin
        assert house.carl.post("/api/v1/prompts/" + quote(twin, safe="") + "/versions", {"template": "x"}).status == 400
    house.carl.ok("POST", "/api/v1/assets", {"kind": "model", "name": "alone#1"})
    assert house.carl.post("/api/v1/assets", {"kind": "model", "name": "alone"}).status == 400, "the other way round"
    house.carl.ok("POST", "/api/v1/assets", {"kind": "dataset", "name": "pay@home"})
    house.carl.ok("PATCH", "/api/v1/assets/model/alone%231", {"new_name": "alone"})


def test_an_asset_of_an_earlier_release_has_look_alikes_as_well(house):
    """The skeletons of names are filled when the server starts, so that names from before count."""
    house.carl.prompt("pay", "Pay.")
    house.server.stop()
    database = sqlite3.connect(next(pathlib.Path(house.server.data).glob("*.db")))
    with database:
        database.execute("UPDATE asset SET skeleton = ''")
    database.close()
    house.server.start(house.server.port)
    assert house.carl.post("/api/v1/assets", {"kind": "prompt", "name": "\u0440\u0430\u0443"}).status == 400


def test_a_name_does_not_leave_a_policy_by_its_case(house):
    """'Prod-loan' beside the guarded 'prod-*': its production alias moves without the policy, and people read the same name."""
    house.guard("model/prod-*#production", FOUR_EYES)
    house.guard("model/Test-*#production", FOUR_EYES)
    house.guard("model/test-*#production", FOUR_EYES)
    create = lambda name, kind="model": house.carl.post("/api/v1/assets", {"kind": kind, "name": name}).status
    for name in ("Prod-loan", "PROD-LOAN", "prOd-x"):
        assert create(name) == 400, name
        assert house.carl.post("/api/2.0/mlflow/registered-models/create", {"name": name}).status == 400, name
    assert [create(name) for name in ("prod-loan", "Test-a", "test-b", "production", "Loan")] == [201] * 5
    assert create("Prod-loan", "dataset") == 201
    assert house.carl.call("PATCH", "/api/v1/assets/model/Loan", {"new_name": "Prod-loan"}).status == 400


def test_an_alias_does_not_differ_from_another_by_case_only(house):
    """'Live' beside 'live', where no policy is bound: callers get one and people look at the other."""
    house.carl.prompt("pay", "Pay.")
    house.carl.ok("PUT", "/api/v1/assets/prompt/pay/aliases/live", {"version": 1})
    for twin in ("Live", "LIVE", "1ive", "Iive"):
        refused = house.carl.call("PUT", f"/api/v1/assets/prompt/pay/aliases/{twin}", {"version": 1})
        assert refused.status == 400, (twin, refused)
        body = {"name": "pay", "alias": twin, "version": "1"}
        assert house.carl.post("/api/2.0/mlflow/registered-models/alias", body).status == 400, twin


def test_no_front_lets_such_a_name_in(house, tmp_path):
    """The name comes by MLflow, Langfuse, a rename, or a folder that is pushed."""
    for name in MISLEADING:
        made = house.carl.post("/api/2.0/mlflow/registered-models/create", {"name": name})
        assert made.status == 400 and made.json["error_code"] == "INVALID_PARAMETER_VALUE", (name, made)
        assert house.carl.post("/api/public/v2/prompts", {"name": name, "prompt": "x"}).status == 400, name
    house.carl.ok("POST", "/api/v1/assets", {"kind": "model", "name": "plain"})
    for name in MISLEADING:
        assert house.carl.call("PATCH", "/api/v1/assets/model/plain", {"new_name": name}).status == 400, name
        body = {"name": "plain", "new_name": name}
        assert house.carl.post("/api/2.0/mlflow/registered-models/rename", body).status == 400, name
    pushed = git_push(house, "carl", tmp_path, {"prompts/l\u043ean/v1.0.0.md": "Hello\n"})
    assert pushed.returncode != 0 and "must not mix scripts" in pushed.stderr, pushed.stderr
    assert house.root.get("/api/v1/assets").json["items"][0]["name"] == "plain"


def test_an_alias_is_not_the_number_of_a_version(house):
    """'1' points to version 2: some clients load version 2 for pay@1, and people approve version 1."""
    for text in ("Pay.", "Pay now."):
        house.carl.prompt("pay", text)
    for alias in ("1", "v1", "0"):
        answer = house.carl.call("PUT", f"/api/v1/assets/prompt/pay/aliases/{alias}", {"version": 2})
        assert answer.status == 400 and "version" in answer.text, answer
        answer = house.carl.post("/api/2.0/mlflow/registered-models/alias", {"name": "pay", "alias": alias, "version": "2"})
        assert answer.status == 400, answer


def test_an_alias_does_not_look_like_a_protected_one(house):
    """'Production' beside the protected 'production': readers take one for the other."""
    house.guard("prompt/*#production", FOUR_EYES)
    house.carl.prompt("pay", "Pay.")
    for alias in ("Production", "PRODUCTION"):
        refused = house.carl.call("PUT", f"/api/v1/assets/prompt/pay/aliases/{alias}", {"version": 1})
        assert refused.status == 400 and "would take for the alias 'production'" in refused.text, (alias, refused)
        body = {"name": "pay", "alias": alias, "version": "1"}
        assert house.carl.post("/api/2.0/mlflow/registered-models/alias", body).status == 400
    house.carl.ok("PUT", "/api/v1/assets/prompt/pay/aliases/staging1", {"version": 1})
    assert house.carl.call("PUT", "/api/v1/assets/prompt/pay/aliases/stagingl", {"version": 1}).status == 400
    house.carl.ok("PUT", "/api/v1/assets/prompt/pay/aliases/staging1", {"version": 1})


def test_a_user_or_token_does_not_look_like_another(house):
    """'Rita' approves: the list of approvals shows what looks like rita."""
    for name in ("Rita", "RITA", "rita\u200b", "r\u0456ta"):
        refused = house.root.post("/api/v1/users", {"name": name, "password": PASSWORD, "grants": []})
        assert refused.status in (400, 409), (name, refused)
    house.root.token("ci1", {"role": "reader"})
    assert house.root.post("/api/v1/tokens", {"name": "cil", "grants": [{"role": "reader"}]}).status in (400, 409)
    house.root.ok("POST", "/api/v1/workspaces", {"name": "east1"})
    assert house.root.post("/api/v1/workspaces", {"name": "eastl"}).status in (400, 409)


def test_a_tag_key_hides_nothing(house):
    """A tag key with a zero-width letter shows as the key that a policy asks for."""
    house.carl.prompt("pay", "Pay.")
    for key in ("rev%E2%80%8Biewed", "%E2%80%AEdeweiver"):
        answer = house.carl.call("PUT", f"/api/v1/assets/prompt/pay/versions/1/tags/{key}", {"value": "yes"})
        assert answer.status == 400, answer


def test_a_pattern_guards_what_it_looks_like(house):
    """A binding of 'loаn-*' (with a Cyrillic letter) stands in the list and guards nothing; so does a grant."""
    house.root.ok("POST", "/api/v1/policies/eyes", {"modules": [{"name": "gate.rego", "text": FOUR_EYES}]})
    for pattern in ("lo\u0430n-*", "loan\u200b-*", "loan-* "):
        body = {"policy": "eyes", "kind": "prompt", "name_pattern": pattern, "pointer": "production"}
        assert house.root.post("/api/v1/policies/bindings", body).status == 400, pattern
        grants = [{"role": "contributor", "name_pattern": pattern}]
        assert house.root.post("/api/v1/tokens", {"name": "t1", "grants": grants}).status == 400, pattern
    assert house.carl.post("/api/2.0/mlflow/experiments/create", {"name": "runs\u200b"}).status == 400


def refs(house, tmp_path):
    import subprocess

    url = house.server.url.replace("//", f"//root:{PASSWORD.replace(' ', '%20')}@") + "/git/prompts.git"
    listed = subprocess.run(["git", "ls-remote", url], capture_output=True, text=True, timeout=60)
    return [line.split("\t")[1] for line in listed.stdout.splitlines()]


def test_a_ref_does_not_claim_an_alias_that_did_not_move(house, tmp_path):
    """carl pushes the tag pay#production: the gate waits for an approval, and the tag says that it is in production."""
    house.guard("prompt/*#production", FOUR_EYES)
    assert git_push(house, "carl", tmp_path, {"prompts/pay/v1.0.0.md": "Pay.\n"}).returncode == 0
    tag = "pay#production"
    for _ in range(2):
        pushed = git_push(house, "carl", tmp_path, {}, f"refs/tags/{tag}", tags=[tag])
        assert pushed.returncode != 0 and "the alias did not move" in pushed.stderr, pushed.stderr
        assert f"refs/tags/{tag}" not in refs(house, tmp_path)
    house.rita.ok("POST", "/api/v1/change-requests/1/approve", {"comment": "fine"})
    pushed = git_push(house, "carl", tmp_path, {}, f"refs/tags/{tag}", tags=[tag])
    assert pushed.returncode == 0, pushed.stderr
    assert f"refs/tags/{tag}" in refs(house, tmp_path)
    # Version and tag in one push: the version stays, the tag does not.
    second = "pay#production#2"
    pushed = git_push(house, "carl", tmp_path, {"prompts/pay/v1.1.0.md": "Pay now.\n"}, "HEAD:main", f"HEAD:refs/tags/{second}")
    assert pushed.returncode != 0 and f"refs/tags/{second}" not in refs(house, tmp_path), pushed.stderr
    house.carl.ok("GET", "/api/v1/assets/prompt/pay/versions/1.1.0")


def test_a_ref_does_not_go_on_claiming_an_alias_that_has_moved_on(house, tmp_path):
    """The tag pay#live stays on the old commit while live moves by the API."""
    for text, version in (("Pay.\n", "1.0.0"), ("Pay now.\n", "1.1.0")):
        assert git_push(house, "carl", tmp_path, {f"prompts/pay/v{version}.md": text}).returncode == 0
    assert git_push(house, "carl", tmp_path, {}, "refs/tags/pay#live", tags=["pay#live"]).returncode == 0
    assert "refs/tags/pay#live" in refs(house, tmp_path)
    house.carl.ok("PUT", "/api/v1/assets/prompt/pay/aliases/live", {"version": "1.0.0"})
    assert "refs/tags/pay#live" not in refs(house, tmp_path)


def test_a_ref_does_not_look_like_an_alias_or_a_branch(house, tmp_path):
    """Aliases that no rule can parse, and names with invisible characters, appear in the list as if they were valid."""
    assert git_push(house, "carl", tmp_path, {"prompts/pay/v1.0.0.md": "Pay.\n"}).returncode == 0
    for ref in ("refs/tags/pay#production#x", "refs/tags/pay#", "refs/tags/pay@vlatest", "refs/heads/m\u0430in",
                "refs/tags/pay\u200b#production", "refs/heads/main\u200b"):
        pushed = git_push(house, "carl", tmp_path, {}, f"HEAD:{ref}")
        assert pushed.returncode != 0 and ref not in refs(house, tmp_path), (ref, pushed.stderr)


def test_a_ref_does_not_read_as_an_alias_in_other_spellings(house, tmp_path):
    """carl pushes branches and tags that people take for pay#production, which a policy guards and which did not move."""
    house.guard("prompt/*#production", FOUR_EYES)
    assert git_push(house, "carl", tmp_path, {"prompts/pay/v1.0.0.md": "Pay.\n"}).returncode == 0
    house.carl.ok("PUT", "/api/v1/assets/prompt/pay/aliases/beta", {"version": 1})
    for ref in ("heads/pay#production", "heads/pay@production", "heads/pay/production", "heads/alias/pay/PRODUCTION",
                "tags/pay@production", "tags/pay%23production", "tags/pay%2523production", "tags/%70ay/production",
                "tags/pay#production!", "tags/prompts/pay@production", "tags/Pay/beta", "heads/pay@beta"):
        pushed = git_push(house, "carl", tmp_path, {}, f"HEAD:refs/{ref}")
        assert pushed.returncode != 0 and f"refs/{ref}" not in refs(house, tmp_path), (ref, pushed.stderr)
    for ref in ("heads/feature/x", "heads/pay/rework", "tags/release-7", "heads/production"):
        assert git_push(house, "carl", tmp_path, {}, f"HEAD:refs/{ref}").returncode == 0, ref


def test_a_ref_does_not_read_as_a_version_in_other_spellings(house, tmp_path):
    """carl tags a commit of his as a version that is registered with another text, or not at all."""
    assert git_push(house, "carl", tmp_path, {"prompts/pay/v1.0.0.md": "Pay.\n"}).returncode == 0
    for ref in ("tags/pay@1.0.0", "tags/Pay@V1.0.0", "tags/pay#v1.0.0", "tags/pay%40v1.0.0", "heads/pay@v1.0.0",
                "tags/prompts/pay@1.0.0", "tags/pay@9.9.9"):
        pushed = git_push(house, "carl", tmp_path, {}, f"HEAD:refs/{ref}")
        assert pushed.returncode != 0 and f"refs/{ref}" not in refs(house, tmp_path), (ref, pushed.stderr)
    for ref in ("heads/pay/v2", "tags/v1.0.0", "tags/pay-1.0.0"):
        assert git_push(house, "carl", tmp_path, {}, f"HEAD:refs/{ref}").returncode == 0, ref


def test_experiments_and_their_kin_get_no_name_with_hidden_parts(house):
    """nobody sees the difference between 'loan' and a twin with a zero-width space, or a blank at its end."""
    api = "/api/2.0/mlflow"
    home = house.carl.ok("POST", f"{api}/experiments/create", {"name": "home"})["experiment_id"]
    run = house.carl.ok("POST", f"{api}/runs/create", {"experiment_id": home, "run_name": "plain"})["run"]["info"]["run_id"]
    for name in ("lo\u200ban", "loan\u202e", "loan ", "\u00a0loan", "loan\u3164"):
        for path, body in ((f"{api}/experiments/create", {"name": name}),
                           (f"{api}/experiments/update", {"experiment_id": home, "new_name": name}),
                           (f"{api}/runs/create", {"experiment_id": home, "run_name": name}),
                           (f"{api}/runs/update", {"run_id": run, "run_name": name}),
                           (f"{api}/runs/set-tag", {"run_id": run, "key": "mlflow.runName", "value": name}),
                           (f"{api}/logged-models", {"experiment_id": home, "name": name}),
                           ("/api/3.0/mlflow/datasets/create", {"name": name}),
                           ("/api/3.0/mlflow/scorers/register", {"experiment_id": home, "name": name, "serialized_scorer": "{}"})):
            assert house.carl.post(path, body).status == 400, (path, name)
    for name in ("loan \u00e9 2", "\u0441\u0430\u0445\u0430\u0440"):
        house.carl.ok("POST", f"{api}/experiments/create", {"name": name})
