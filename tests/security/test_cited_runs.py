"""Attacks on what is proven: numbers of runs and models that change after a version or evidence cites them."""

import hashlib
import json

import pytest
from wandb_calls import log_artifact, mutation

from artifacts import ART, MLFLOW, entries, experiment, finish, model, promote, put, run, verified, version


def test_changes_of_a_run_that_a_version_cites_are_recorded(house):
    """Improve the metrics of an approved version's run afterwards."""
    exp = experiment(house.carl, "cited")
    info = run(house.carl, exp)
    run_id = info["run_id"]
    assert put(house.carl, f"{exp}/{run_id}/artifacts/model/m", b"m").status == 200
    assert put(house.carl, f"{exp}/{run_id}/artifacts/report.json", b"bad").status == 200
    house.carl.ok("POST", f"{MLFLOW}/runs/log-metric", {"run_id": run_id, "key": "accuracy", "value": 0.5, "timestamp": 1})
    model(house.carl, "cited")
    assert version(house.carl, "cited", f"runs:/{run_id}/model", run_id=run_id).status == 200
    shown = house.carl.ok("GET", "/api/v1/assets/model/cited/versions/1")
    assert shown["run_changed"] is False and len(shown["run_digest"]) == 64
    changes = [lambda: house.carl.ok("POST", f"{MLFLOW}/runs/log-metric", {"run_id": run_id, "key": "accuracy", "value": 0.99, "timestamp": 2}),
               lambda: house.carl.ok("POST", f"{MLFLOW}/runs/log-parameter", {"run_id": run_id, "key": "p", "value": "1"}),
               lambda: house.carl.ok("POST", f"{MLFLOW}/runs/set-tag", {"run_id": run_id, "key": "t", "value": "1"}),
               lambda: house.carl.ok("POST", f"{MLFLOW}/runs/delete-tag", {"run_id": run_id, "key": "t"}),
               lambda: house.carl.ok("POST", f"{MLFLOW}/runs/log-batch", {"run_id": run_id, "metrics": [{"key": "f1", "value": 1, "timestamp": 1}]}),
               lambda: house.carl.ok("POST", f"{MLFLOW}/runs/update", {"run_id": run_id, "run_name": "better"})]
    for i, change in enumerate(changes):
        change()
        data = entries(house.root, "run.changed-after-seal", i + 1)[-1]
        assert len(data["digest"]) == len(data["previous"]) == 64 and data["digest"] != data["previous"]
    assert house.carl.ok("GET", "/api/v1/assets/model/cited/versions/1")["run_changed"] is True
    assert put(house.carl, f"{exp}/{run_id}/artifacts/report.json", b"good").status == 200
    assert house.carl.call("DELETE", f"{ART}/{exp}/{run_id}/artifacts/report.json").status == 200
    bad, good = hashlib.sha256(b"bad").hexdigest(), hashlib.sha256(b"good").hexdigest()
    assert [(e["previous"], e["digest"]) for e in entries(house.root, "run.artifact-changed", 2)] == [(bad, good), (good, "")]
    verified(house)


def test_policies_see_that_a_run_was_changed(house):
    """The metrics that a gate reads were written after the version was registered."""
    exp = experiment(house.carl, "moved")
    info = run(house.carl, exp)
    put(house.carl, f"{exp}/{info['run_id']}/artifacts/model/m", b"m")
    model(house.carl, "moved")
    version(house.carl, "moved", f"runs:/{info['run_id']}/model", run_id=info["run_id"])
    house.guard("model/moved#production", """package regesta.gate
deny contains {"code": "late", "msg": "the run was changed"} if input.candidate.run.changed_after_registration
""")
    house.carl.ok("POST", f"{MLFLOW}/runs/log-metric", {"run_id": info["run_id"], "key": "accuracy", "value": 0.99, "timestamp": 2})
    answer = promote(house.carl, "moved", 1)
    assert answer.status == 403 and "the run was changed" in answer.text


def test_metrics_of_a_registered_model_do_not_change_in_silence(house):
    """Attach better metrics to an approved version's logged model, from another run."""
    exp = experiment(house.carl, "models")
    logged = house.carl.ok("POST", f"{MLFLOW}/logged-models", {"experiment_id": exp, "name": "m"})["model"]["info"]["model_id"]
    put(house.carl, f"{exp}/models/{logged}/artifacts/m", b"m")
    model(house.carl, "m")
    assert version(house.carl, "m", f"models:/{logged}", model_id=logged).status == 200
    other = run(house.carl, exp)["run_id"]
    house.carl.ok("POST", f"{MLFLOW}/runs/log-metric", {"run_id": other, "key": "accuracy", "value": 1, "timestamp": 1, "model_id": logged})
    house.carl.ok("POST", f"{MLFLOW}/runs/log-batch", {"run_id": other, "metrics": [{"key": "f1", "value": 1, "timestamp": 1, "model_id": logged}]})
    house.carl.ok("POST", f"{MLFLOW}/logged-models/{logged}/params", {"params": [{"key": "p", "value": "1"}]})
    house.carl.ok("PATCH", f"{MLFLOW}/logged-models/{logged}/tags", {"tags": [{"key": "t", "value": "1"}]})
    for data in entries(house.root, "logged-model.changed", 4):
        assert data["digest"] != data["previous"]


@pytest.mark.parametrize("how", ["replaced", "added", "deleted"])
def test_a_version_shows_that_files_beside_its_own_were_changed(house, how):
    """Change a file of the run below another folder, such as the report that approvers read: the version says so."""
    exp = experiment(house.carl, "beside")
    info = run(house.carl, exp)
    folder = f"{exp}/{info['run_id']}/artifacts"
    put(house.carl, f"{folder}/model/m", b"m")
    put(house.carl, f"{folder}/report/r", b"bad")
    finish(house.carl, info["run_id"])
    model(house.carl, "m")
    assert version(house.carl, "m", f"runs:/{info['run_id']}/model", run_id=info["run_id"]).status == 200
    shown = lambda: house.carl.ok("GET", "/api/v1/assets/model/m/versions/1")["run_changed"]
    assert shown() is False
    if how == "deleted":
        house.carl.call("DELETE", f"{ART}/{folder}/report/r")
    else:
        put(house.carl, f"{folder}/report/{'r' if how == 'replaced' else 'more'}", b"good")
    assert shown() is True
    entries(house.root, "run.artifact-changed", 1)


def stream(caller, run, **files):
    """What W&B's client sends of its files: offset and lines of each."""
    body = {"files": {name: {"offset": offset, "content": [json.dumps(line) for line in lines]} for name, (offset, lines) in files.items()}}
    return caller.ok("POST", f"/files/default/cited/{run}/file_stream", body)


LATER = {
    "summary": lambda carl: stream(carl, "r", **{"wandb-summary.json": (0, [{"accuracy": 0.99}])}),
    "summary of the run": lambda carl: mutation(carl, "UpsertBucketInput!", "upsertBucket", "bucket { id }", entityName="default", modelName="cited",
                                                name="r", summaryMetrics=json.dumps({"accuracy": 0.99}), state="finished"),
    "config": lambda carl: mutation(carl, "UpsertBucketInput!", "upsertBucket", "bucket { id }", entityName="default", modelName="cited", name="r",
                                    config=json.dumps({"data": {"value": "x" * 7000 + "other"}}), state="finished"),
    "history": lambda carl: stream(carl, "r", **{"wandb-history.jsonl": (1, [{"_step": 1, "verdict": "passed"}])}),
    "log": lambda carl: stream(carl, "r", **{"output.log": (0, ["all tests passed"])}),
}


@pytest.mark.parametrize("what", LATER)
def test_what_wandbs_client_shows_of_a_cited_run_does_not_change_in_silence(house, what):
    """Send other numbers, settings or lines for a run whose artifact was approved: W&B's client and pages show them."""
    start = mutation(house.carl, "UpsertBucketInput!", "upsertBucket", "bucket { id }", entityName="default", modelName="cited", name="r",
                     config=json.dumps({"data": {"value": "x" * 7000}}))
    assert "bucket" in start, start
    stream(house.carl, "r", **{"wandb-summary.json": (0, [{"accuracy": 0.5}]), "wandb-history.jsonl": (0, [{"_step": 0, "accuracy": 0.5, "verdict": "failed"}]),
                               "output.log": (0, ["one test failed"])})
    made = log_artifact(house.carl, "cited", "net", {"weights": b"w"}, run="r")
    assert isinstance(made, dict), made
    house.carl.ok("POST", "/files/default/cited/r/file_stream", {"complete": True, "exitcode": 0})
    before = len(house.root.ok("GET", "/api/v1/ledger/entries?action=run.changed-after-seal&page_size=200")["items"])
    LATER[what](house.carl)
    entries(house.root, "run.changed-after-seal", before + 1)
    verified(house)
