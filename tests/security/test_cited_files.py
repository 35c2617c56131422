"""Attacks on files and numbers that versions and evidence cite: other people's seals, detours, late changes, deletion."""

import hashlib

import pytest

from artifacts import (  # noqa: F401
    ART,
    MLFLOW,
    entries,
    experiment,
    finish,
    model,
    promote,
    put,
    run,
    secret,
    served,
    verified,
    version,
)
from conftest import NO_BAD, PASSWORD, Caller

NATIVE = "/api/v1/assets/model"


def person(house, name, *grants):
    house.root.ok("POST", "/api/v1/users", {"name": name, "password": PASSWORD, "grants": list(grants)})
    return Caller(house.server, (name, PASSWORD))


def guest(house):
    """Reads everything, writes nina-* only."""
    return person(house, "guest", {"role": "reader", "workspace": "default"},
                  {"role": "contributor", "workspace": "default", "name_pattern": "nina-*"})


def logged_model(who, exp, **more):
    info = who.ok("POST", f"{MLFLOW}/logged-models", {"experiment_id": exp, "name": "m", **more})["model"]["info"]
    return info["model_id"], info["artifact_uri"].removeprefix("mlflow-artifacts:/")


def ready(who, model_id):
    who.ok("PATCH", f"{MLFLOW}/logged-models/{model_id}", {"model_id": model_id, "status": "LOGGED_MODEL_READY"})


def shown(house, name, number=1):
    return house.carl.ok("GET", f"{NATIVE}/{name}/versions/{number}")


# --- C16: a pattern that matches something is not a grant for every name

@pytest.mark.parametrize("pattern", ["?", "?*", "*?", "??"])
def test_a_pattern_of_question_marks_is_not_every_name(house, secret, pattern):
    """A grant for names of one letter reads, overwrites and deletes everybody's runs and files."""
    who = person(house, "quinn", {"role": "admin", "name_pattern": pattern})
    if pattern in ("?", "??"):
        assert who.get(f"{ART}/{secret['path']}").status == 403
        assert put(who, secret["path"], b"evil").status == 403
        assert who.get(f"{MLFLOW}/runs/get?run_id={secret['run']}").status == 404
    assert put(house.carl, "loose/x", b"x").status == 200
    assert who.get(f"{ART}/loose/x").status == 403
    assert who.get("/git/prompts.git/info/refs?service=git-upload-pack").status == 403
    assert who.post("/api/v1/users", {"name": "mine", "password": PASSWORD, "grants": [{"role": "admin"}]}).status == 403


# --- seals on what is somebody else's

def test_a_reader_does_not_seal_other_peoples_running_work(house):
    """Register somebody's running run, future folder or pending model as a version of one's own: they cannot go on."""
    who = guest(house)
    exp = experiment(house.carl, "busy")
    info = run(house.carl, exp)
    folder = f"{exp}/{info['run_id']}/artifacts"
    assert put(house.carl, f"{folder}/log.txt", b"1").status == 200
    pending, place = logged_model(house.carl, exp)
    assert put(house.carl, f"{place}/MLmodel", b"1").status == 200
    model(who, "nina-m")
    for source in (f"runs:/{info['run_id']}/", f"runs:/{info['run_id']}/model", f"mlflow-artifacts:/{exp}/{info['run_id']}",
                   f"mlflow-artifacts:/{folder}", f"models:/{pending}", f"mlflow-artifacts:/{place}"):
        for made in (version(who, "nina-m", source), who.post(f"{NATIVE}/nina-m/versions", {"source": source})):
            assert made.status == 403 and "owner" in made.text, (source, made)
    assert put(house.carl, f"{folder}/next.txt", b"2").status == 200
    assert put(house.carl, f"{folder}/model/m", b"2").status == 200
    assert put(house.carl, f"{place}/more", b"2").status == 200


@pytest.mark.parametrize("source", ["runs:/{run}/model", "mlflow-artifacts:/{folder}/w"])
def test_a_readers_version_is_a_copy_that_nobody_changes(house, source):
    """The owner of the files goes on changing them after somebody else's version of them was approved."""
    who = guest(house)
    exp = experiment(house.carl, "done")
    info = run(house.carl, exp)
    folder = f"{exp}/{info['run_id']}/artifacts/model"
    assert put(house.carl, f"{folder}/w", b"good").status == 200
    finish(house.carl, info["run_id"])
    model(who, "nina-m")
    assert version(who, "nina-m", source.format(run=info["run_id"], folder=folder)).status == 200
    assert put(house.carl, f"{folder}/w", b"evil").status == 200, "it stays its owner's"
    assert served(who, "nina-m", 1, "w").body == b"good"
    assert shown(house, "nina-m")["content_state"] == "stored"
    uri = who.ok("GET", f"{MLFLOW}/model-versions/get-download-uri?name=nina-m&version=1")["artifact_uri"]
    path = uri.removeprefix("mlflow-artifacts:/")
    path = path if path.endswith("/w") else path + "/w"
    assert path.startswith("snapshots/") and who.get(f"{ART}/{path}").body == b"good"
    assert house.nina.get(f"{ART}/{path}").body == b"good", "the version is hers to read, and so are its files"
    for attack in (put(house.carl, path, b"evil"), house.carl.call("DELETE", f"{ART}/{path}"), put(house.carl, path + "2", b"x")):
        assert attack.status in (200, 400) and who.get(f"{ART}/{path}").body == b"good"
    placed = house.nina.post(f"{MLFLOW}/experiments/create", {"name": "nina-e", "artifact_location": "mlflow-artifacts:/snapshots"})
    assert placed.status == 403
    other = person(house, "otto", {"role": "contributor", "name_pattern": "otto-*"})
    assert other.get(f"{ART}/{path}").status == 403
    verified(house)


# --- what clients load is what is stored

def test_uploaded_files_do_not_vouch_for_another_place(house):
    """Upload harmless files, name a source elsewhere: policies see stored content, clients load the source."""
    model(house.carl, "mix")
    digest = house.carl.ok("PUT", "/api/v1/blobs", raw=b"harmless")["digest"]
    for source in ("s3://attacker/evil", "http://attacker/x", "/tmp/evil", "evil", "file:///tmp/evil"):
        made = house.carl.post(f"{NATIVE}/mix/versions", {"files": [{"path": "w", "digest": digest}], "source": source})
        assert made.status == 400 and "files or a source" in made.text, (source, made)
    house.carl.ok("POST", f"{NATIVE}/mix/versions", {"files": [{"path": "w", "digest": digest}]})
    assert shown(house, "mix")["content_state"] == "stored"


@pytest.mark.parametrize("detour", ["http://h/api/x/../2.0/mlflow-artifacts/artifacts/{}", "http://h/api/2.0/x/%2e%2e/mlflow-artifacts/artifacts/{}",
                                    "http://h/x/../ajax-api/2.0/mlflow-artifacts/./artifacts/{}", "s3://b/x/../y", "s3://b/%2e%2e/y"])
def test_a_source_takes_no_detours(house, detour):
    """Spell a folder of this server with '..' in the address, which clients resolve: it is never sealed."""
    exp = experiment(house.carl, "detour")
    info = run(house.carl, exp)
    folder = f"{exp}/{info['run_id']}/artifacts/model"
    put(house.carl, f"{folder}/w", b"good")
    model(house.carl, "detour")
    for made in (version(house.carl, "detour", detour.format(folder)),
                 house.carl.post(f"{NATIVE}/detour/versions", {"source": detour.format(folder)})):
        assert made.status == 400, made
    placed = house.nina.post(f"{MLFLOW}/experiments/create", {"name": "nina-e", "artifact_location": detour.format(folder)})
    assert placed.status >= 400 or not detour.startswith("http"), placed


# --- A5: deletion by way of the experiment

@pytest.mark.parametrize("made_of", ["run", "run by path", "logged model", "loose"])
def test_an_experiment_under_a_protected_alias_is_not_deleted(house, made_of):
    """The run or model cannot be deleted, so delete the experiment that holds it."""
    exp = experiment(house.carl, "under")
    info = run(house.carl, exp)
    model_id, place = logged_model(house.carl, exp)
    folder = {"logged model": place, "loose": f"{exp}/loose"}.get(made_of, f"{exp}/{info['run_id']}/artifacts/model")
    put(house.carl, f"{folder}/w", b"good")
    model(house.carl, "under")
    source = f"runs:/{info['run_id']}/model" if made_of == "run" else f"mlflow-artifacts:/{folder}"
    assert version(house.carl, "under", source).status == 200
    house.guard("model/under#production", NO_BAD)
    assert promote(house.carl, "under", 1).status == 200
    for who in (house.carl, house.root):
        gone = who.post(f"{MLFLOW}/experiments/delete", {"experiment_id": exp})
        assert gone.status == 403 and "points to it" in gone.text, gone
    if made_of.startswith("run"):
        assert house.carl.post(f"{MLFLOW}/runs/delete", {"run_id": info["run_id"]}).status == 403
    if made_of == "logged model":
        assert house.carl.call("DELETE", f"{MLFLOW}/logged-models/{model_id}").status == 403


def evaluated(house, exp, **predictions):
    """Verified evidence about model/judged@1."""
    model(house.carl, "judged")
    version(house.carl, "judged", "s3://b/x")
    house.carl.ok("POST", "/api/v1/assets", {"kind": "dataset", "name": "truth"})
    blob = house.carl.ok("PUT", "/api/v1/blobs", raw=b"id,y\n1,1\n2,0\n3,1\n")["digest"]
    house.carl.ok("POST", "/api/v1/assets/dataset/truth/versions", {"files": [{"path": "d.csv", "digest": blob}]})
    return house.carl.ok("POST", "/api/v1/evidence/evaluate", {
        "model": {"name": "judged", "version": 1}, "dataset": {"name": "truth", "version": 1},
        "predictions": {**predictions, "path": "p.csv"}, "label": "y", "join": "id"})


PREDICTIONS = b"id,prediction\n1,1\n2,0\n3,1\n"


@pytest.mark.parametrize("by", ["run", "logged model"])
def test_an_experiment_under_evidence_is_not_deleted_by_a_contributor(house, by):
    """Verified evidence names predictions; delete the experiment that holds them."""
    exp = experiment(house.carl, "proof")
    info = run(house.carl, exp)
    model_id, place = logged_model(house.carl, exp)
    put(house.carl, f"{place}/p.csv", PREDICTIONS)
    put(house.carl, f"{exp}/{info['run_id']}/artifacts/p.csv", PREDICTIONS)
    made = evaluated(house, exp, **({"run_id": info["run_id"]} if by == "run" else {"model_id": model_id}))
    gone = house.carl.post(f"{MLFLOW}/experiments/delete", {"experiment_id": exp})
    assert gone.status == 403 and f"evidence/{made['id']}" in gone.text, gone
    free = experiment(house.carl, "free")
    run(house.carl, free)
    assert house.carl.post(f"{MLFLOW}/experiments/delete", {"experiment_id": free}).status == 200


def test_predictions_that_evidence_cites_do_not_change_in_silence(house):
    """Overwrite and delete the predictions under a logged model, which no run seals."""
    exp = experiment(house.carl, "proof")
    model_id, place = logged_model(house.carl, exp)
    put(house.carl, f"{place}/p.csv", PREDICTIONS)
    evaluated(house, exp, model_id=model_id)
    assert put(house.carl, f"{place}/p.csv", b"other").status == 200
    assert house.carl.call("DELETE", f"{ART}/{place}/p.csv").status == 200
    ready(house.carl, model_id)
    assert put(house.carl, f"{place}/p.csv", PREDICTIONS).status == 200
    first, second = (hashlib.sha256(data).hexdigest() for data in (PREDICTIONS, b"other"))
    found = entries(house.root, "logged-model.artifact-changed", 3)
    assert [(e["previous"], e["digest"]) for e in found] == [(first, second), (second, ""), ("", first)]
    assert {e["path"] for e in found} == {f"{place}/p.csv"}
    verified(house)


# --- A7: numbers of a logged model

def test_a_version_shows_that_its_logged_model_was_changed(house):
    """The gate refuses 0.5; attach 0.99 to the registered model from another run and ask again."""
    exp = experiment(house.carl, "models")
    model_id, place = logged_model(house.carl, exp)
    put(house.carl, f"{place}/m", b"m")
    source = run(house.carl, exp)["run_id"]

    def log(value):
        house.carl.ok("POST", f"{MLFLOW}/runs/log-metric", {"run_id": source, "key": "acc", "value": value, "timestamp": int(value * 100), "model_id": model_id})

    log(0.5)
    model(house.carl, "lm")
    assert version(house.carl, "lm", f"models:/{model_id}", model_id=model_id).status == 200
    assert shown(house, "lm")["model_changed"] is False
    house.guard("model/lm#production", """package regesta.gate
deny contains {"code": "acc", "msg": "accuracy below 0.9"} if not input.candidate.metrics.claimed.acc >= 0.9
deny contains {"code": "late", "msg": "the model was changed"} if input.candidate.model.changed_after_registration
""")
    assert "accuracy below" in promote(house.carl, "lm", 1).text
    log(0.99)
    answer = promote(house.carl, "lm", 1)
    assert answer.status == 403 and "the model was changed" in answer.text and "accuracy below" not in answer.text, answer
    assert shown(house, "lm")["model_changed"] is True
    house.root.ok("PATCH", f"{NATIVE}/lm", {"new_name": "renamed"})
    assert shown(house, "renamed")["model_changed"] is True
