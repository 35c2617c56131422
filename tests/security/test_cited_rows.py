"""Somebody with SQL changes what versions were made of: rows that are written in bulk, without an entry each."""

import shutil
import sqlite3

import pytest

from artifacts import MLFLOW, experiment, put, run, version


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data directory with a version of a run's files and a version of a logged model, both with metrics."""
    from conftest import House
    from regesta_server import Server

    server = Server(tmp_path_factory.mktemp("made") / "data").start()
    house = House(server)
    exp = experiment(house.carl, "cited")
    info = run(house.carl, exp)
    house.carl.ok("POST", f"{MLFLOW}/runs/log-metric",
                  {"run_id": info["run_id"], "key": "accuracy", "value": 0.5, "timestamp": 1})
    put(house.carl, f"{exp}/{info['run_id']}/artifacts/model/weights", b"good")
    logged = house.carl.ok("POST", f"{MLFLOW}/logged-models", {"experiment_id": exp, "name": "m"})["model"]["info"]
    put(house.carl, logged["artifact_uri"].removeprefix("mlflow-artifacts:/") + "/weights", b"fine")
    other = run(house.carl, exp)["run_id"]
    metric = {"run_id": other, "key": "accuracy", "timestamp": 1, "model_id": logged["model_id"]}
    house.carl.ok("POST", f"{MLFLOW}/runs/log-metric", metric | {"value": 0.5})
    for name, source, more in (("of-run", f"runs:/{info['run_id']}/model", {"run_id": info["run_id"]}),
                               ("of-model", f"models:/{logged['model_id']}", {"model_id": logged["model_id"]}),
                               ("of-model", f"models:/{logged['model_id']}", {"model_id": logged["model_id"]})):
        house.carl.call("POST", f"{MLFLOW}/registered-models/create", {"name": name})
        assert version(house.carl, name, source, **more).status == 200
    # What happens through the server is no fault.
    house.carl.ok("POST", f"{MLFLOW}/runs/log-metric", metric | {"value": 0.6, "timestamp": 2})
    house.carl.ok("PATCH", f"{MLFLOW}/logged-models/{logged['model_id']}/tags", {"tags": [{"key": "t", "value": "1"}]})
    house.carl.ok("POST", f"{MLFLOW}/runs/log-metric",
                  {"run_id": info["run_id"], "key": "accuracy", "value": 0.6, "timestamp": 2})
    assert server.stop() == 0
    return house


def verify_after(house, folder, sql):
    data = folder / "data"
    shutil.copytree(house.server.data, data)
    with sqlite3.connect(data / "regesta.db") as database:
        assert database.execute(sql).rowcount > 0, sql
    database.close()
    done = house.cli("ledger", "verify", "--data", data)
    return done.returncode, done.stdout + done.stderr


def test_an_honest_database_verifies(made, tmp_path):
    code, text = verify_after(made, tmp_path, "UPDATE experiment SET tags = tags")
    assert code == 0, text


@pytest.mark.parametrize("sql, subject", [
    ("INSERT INTO wandb_run (run, experiment, name, summary, created_at, heartbeat_at) SELECT id, experiment, 'r', "
     "'{\"accuracy\": 0.99}', 1, 1 FROM run WHERE sealed_revision > 0", "run/"),
    ("UPDATE run SET revision = revision + 1 WHERE sealed_revision > 0", "run/"),
    ("UPDATE run SET revision = revision - 1 WHERE sealed_revision > 0", "run/"),
    ("DELETE FROM logged_model", "model/of-model@1"),
    ("DELETE FROM tree_file WHERE path LIKE '%/artifacts/model/weights'", "model/of-run@1"),
    ("DELETE FROM tree_file WHERE path LIKE '%/models/%'", "model/of-model@1"),
])
def test_a_change_of_what_a_version_was_made_of_is_found(made, tmp_path, sql, subject):
    """The run behind a version is altered, or its logged model or files are removed."""
    code, text = verify_after(made, tmp_path, sql)
    assert code == 5 and subject in text, text
