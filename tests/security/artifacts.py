"""Calls of MLflow's front about experiments, runs, files and versions, and somebody's secret, for the attacks on them."""


import pytest

ART = "/api/2.0/mlflow-artifacts/artifacts"
MLFLOW = "/api/2.0/mlflow"


def experiment(who, name, **more):
    return who.ok("POST", f"{MLFLOW}/experiments/create", {"name": name, **more})["experiment_id"]


def run(who, experiment_id):
    return who.ok("POST", f"{MLFLOW}/runs/create", {"experiment_id": experiment_id, "start_time": 1})["run"]["info"]


def finish(who, run_id):
    who.ok("POST", f"{MLFLOW}/runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": 2})


def put(who, path, data=b"weights", prefix=ART):
    return who.call("PUT", f"{prefix}/{path}", raw=data)


def model(who, name):
    who.ok("POST", f"{MLFLOW}/registered-models/create", {"name": name})


def version(who, name, source, **more):
    return who.call("POST", f"{MLFLOW}/model-versions/create", {"name": name, "source": source, **more})


def promote(who, name, number, alias="production"):
    return who.post(f"{MLFLOW}/registered-models/alias", {"name": name, "alias": alias, "version": str(number)})


def served(who, name, number, path):
    return who.get(f"/model-versions/get-artifact?name={name}&version={number}&path={path}")


def entries(who, action, count):
    """The bodies of the ledger's entries of one action, oldest first; there must be `count`."""
    who.server.settle()
    found = who.ok("GET", f"/api/v1/ledger/entries?action={action}&page_size=200")["items"]
    assert len(found) == count, found
    return [item["body"]["data"] for item in found]


def verified(house):
    answer = house.root.ok("POST", "/api/v1/ledger/verify", {})
    assert answer["ok"] and not answer["findings"], answer


@pytest.fixture
def secret(house):
    """Nina may only use nina-*; the experiment with the secret has a location of its own."""
    exp = experiment(house.carl, "secret", artifact_location="mlflow-artifacts:/vault")
    info = run(house.carl, exp)
    path = f"vault/{info['run_id']}/artifacts/model/weights"
    assert put(house.carl, path, b"top secret").status == 200
    model(house.nina, "nina-m")
    return {"experiment": exp, "run": info["run_id"], "path": path, "folder": path.rpartition("/")[0]}
