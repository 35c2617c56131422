"""Attacks that read, out of answers and refusals, what the caller may not know."""

import hashlib

from artifacts import ART, MLFLOW, experiment, model, promote, run, secret, version  # noqa: F401
from conftest import FOUR_EYES, NO_BAD
from regesta_server import eventually

SPY = """package regesta.gate
deny contains sprintf("%v %v %v", [input.candidate.run, input.candidate.metrics, input.candidate.lineage])
"""


def test_policies_eval_does_not_tell_what_the_caller_may_not_read(house, secret):
    """Evaluate a policy of one's own that prints its input, about a version whose run is hidden."""
    house.carl.ok("POST", f"{MLFLOW}/runs/log-metric", {"run_id": secret["run"], "key": "hidden-metric", "value": 0.123456, "timestamp": 1})
    model(house.carl, "nina-trap")
    assert version(house.carl, "nina-trap", f"runs:/{secret['run']}/model", run_id=secret["run"]).status == 200
    ask = {"modules": [{"name": "spy.rego", "text": SPY}], "pointer": {"kind": "model", "name": "nina-trap", "alias": "x", "version": 1}}
    mine = house.nina.post("/api/v1/policies/eval", ask)
    assert mine.status == 200 and "0.123456" not in mine.text and secret["run"] not in mine.text, mine
    assert "0.123456" in house.carl.post("/api/v1/policies/eval", ask).text


def test_a_decision_does_not_tell_what_its_candidate_was_made_of(house, secret):
    """Read the stored input of a decision about a model in reach whose run and datasets are hidden."""
    house.carl.ok("POST", f"{MLFLOW}/runs/log-metric", {"run_id": secret["run"], "key": "hidden-metric", "value": 0.123456, "timestamp": 1})
    house.carl.ok("POST", f"{MLFLOW}/runs/log-inputs", {"run_id": secret["run"], "datasets": [
        {"dataset": {"name": "hidden-data", "digest": "d1", "source_type": "local", "source": "x"}}]})
    model(house.carl, "nina-trap")
    assert version(house.carl, "nina-trap", f"runs:/{secret['run']}/model", run_id=secret["run"]).status == 200
    house.guard("model/nina-trap#production", NO_BAD)
    assert promote(house.carl, "nina-trap", 1).status == 200
    digest = house.nina.ok("GET", "/api/v1/decisions")["items"][0]["digest"]
    mine = house.nina.get(f"/api/v1/decisions/{digest}")
    assert mine.status == 200 and mine.json["hidden"] is True and mine.json["result"] == "allowed", mine
    for word in ("0.123456", "hidden-metric", "hidden-data", secret["run"]):
        assert word not in mine.text, (word, mine)
    theirs = house.carl.get(f"/api/v1/decisions/{digest}")
    assert "0.123456" in theirs.text and "hidden-data" in theirs.text and theirs.json["hidden"] is False
    assert hashlib.sha256(theirs.json["body"].encode()).hexdigest() == digest


def test_lineage_shows_only_what_the_caller_may_read(house, secret):
    """Ask the graph about a hidden run, or about a version of one's own that leads to hidden things."""
    house.carl.ok("POST", f"{MLFLOW}/runs/log-inputs", {"run_id": secret["run"], "datasets": [
        {"dataset": {"name": "hidden-data", "digest": "d1", "source_type": "local", "source": "x"}}]})
    model(house.carl, "nina-trap")
    version(house.carl, "nina-trap", f"runs:/{secret['run']}/model", run_id=secret["run"])
    asked = house.nina.get(f"/api/v1/lineage/graph?node=run/{secret['run']}&direction=both")
    assert asked.status in (403, 404) and "secret" not in asked.text
    own = house.nina.ok("GET", "/api/v1/lineage/graph?node=model/nina-trap@1&direction=both")
    assert [n["id"] for n in own["nodes"]] == ["model/nina-trap@1"] and own["edges"] == []
    assert "hidden-data" in str(house.carl.ok("GET", "/api/v1/lineage/graph?node=model/nina-trap@1"))


def test_refusals_do_not_name_what_is_hidden(house, secret):
    """Guess ids and numbers, and read the names out of the refusals."""
    model(house.carl, "hidden-model")
    version(house.carl, "hidden-model", "s3://b/x")
    house.guard("model/hidden-model#production", FOUR_EYES)
    assert promote(house.carl, "hidden-model", 1).status == 403
    house.carl.ok("POST", "/api/v1/evidence", {"asset": {"kind": "model", "name": "hidden-model", "version": 1}, "type": "scan", "body": {"ok": True}})
    decision = house.carl.ok("GET", "/api/v1/decisions")["items"][0]["digest"]
    run_id, exp = secret["run"], secret["experiment"]
    asked = ["/api/v1/evidence/1", "/api/v1/change-requests/1", f"/api/v1/decisions/{decision}", f"/api/v1/runs/{run_id}",
             f"{MLFLOW}/runs/get?run_id={run_id}", f"{MLFLOW}/experiments/get?experiment_id={exp}", f"{MLFLOW}/artifacts/list?run_id={run_id}",
             f"/get-artifact?run_id={run_id}&path=model/weights", f"{ART}/{secret['path']}", f"/api/v1/lineage/graph?node=run/{run_id}"]
    for path in asked:
        answer = house.nina.get(path)
        assert answer.status in (403, 404), (path, answer)
        assert "secret" not in answer.text and "hidden-model" not in answer.text, (path, answer)


def test_numbers_are_not_computed_from_hidden_predictions(house, secret):
    """Let the server compute metrics of somebody else's file, named by run or by digest."""
    house.nina.ok("POST", "/api/v1/assets", {"kind": "dataset", "name": "nina-d"})
    blob = house.nina.ok("PUT", "/api/v1/blobs", raw=b"id,label\n1,1\n")["digest"]
    house.nina.ok("POST", "/api/v1/assets/dataset/nina-d/versions", {"files": [{"path": "d.csv", "digest": blob}]})
    version(house.nina, "nina-m", "s3://b/x")
    for predictions in ({"run_id": secret["run"], "path": "model/weights"}, {"digest": hashlib.sha256(b"top secret").hexdigest()}):
        answer = house.nina.post("/api/v1/evidence/evaluate", {"model": {"name": "nina-m", "version": 1}, "dataset": {"name": "nina-d"},
                                                               "predictions": predictions, "label": "label"})
        assert answer.status in (403, 404), answer


def test_metrics_cannot_be_attached_to_other_peoples_models(house):
    """Log into one's own run, naming somebody else's logged model."""
    exp = experiment(house.carl, "models")
    logged = house.carl.ok("POST", f"{MLFLOW}/logged-models", {"experiment_id": exp, "name": "m"})["model"]["info"]["model_id"]
    mine = run(house.nina, experiment(house.nina, "nina-e"))["run_id"]
    point = {"key": "accuracy", "value": 1, "timestamp": 1, "model_id": logged}
    assert house.nina.post(f"{MLFLOW}/runs/log-metric", {"run_id": mine, **point}).status == 404
    assert house.nina.post(f"{MLFLOW}/runs/log-batch", {"run_id": mine, "metrics": [point]}).status == 404
    assert house.nina.post(f"{MLFLOW}/runs/outputs", {"run_id": mine, "models": [{"model_id": logged, "step": 0}]}).status == 404


def test_a_model_of_ones_own_does_not_claim_a_hidden_run(house, secret):
    """A logged model whose source run is hidden would bring that run's numbers into one's own version."""
    mine = experiment(house.nina, "nina-e")
    made = house.nina.post(f"{MLFLOW}/logged-models", {"experiment_id": mine, "name": "m", "source_run_id": secret["run"]})
    assert made.status == 404, made


def test_the_ledger_and_the_bindings_do_not_tell_hidden_names(house, secret):
    """Read the names of datasets, configs, scorers and issues out of the ledger, the feed and the list of bindings."""
    house.guard("model/hidden-*#production", FOUR_EYES)
    house.guard("prompt/nina-*#production", FOUR_EYES)
    house.carl.ok("POST", "/api/3.0/mlflow/datasets/create", {"name": "hidden-set"})
    gone = house.carl.ok("POST", "/api/3.0/mlflow/datasets/create", {"name": "hidden-gone"})["dataset"]["dataset_id"]
    house.carl.ok("DELETE", f"/api/3.0/mlflow/datasets/{gone}")
    house.carl.ok("POST", "/api/public/score-configs", {"name": "hidden-config", "dataType": "NUMERIC"})
    exp = secret["experiment"]
    house.carl.ok("POST", "/api/3.0/mlflow/scorers/register", {"experiment_id": exp, "name": "hidden-scorer", "serialized_scorer": "{}"})
    house.nina.ok("POST", "/api/3.0/mlflow/datasets/create", {"name": "nina-set"})
    for path in ("/api/v1/ledger/entries?page_size=500", "/api/v1/changes?after=0&limit=500"):
        eventually(lambda path=path: "nina-set" in house.carl.get(path).text)  # an entry is shown when the tree has it
        whole = house.carl.get(path).text
        told = house.nina.get(path).text
        assert "hidden-" not in told and "nina-set" in told, path
        assert "hidden-set" in whole and "hidden-scorer" in whole, path
    own = house.nina.ok("GET", "/api/v1/policies/bindings")["items"]
    assert [binding["name_pattern"] for binding in own] == ["nina-*"]
    assert len(house.rex.ok("GET", "/api/v1/policies/bindings")["items"]) == 2
