"""Callbacks of frameworks, as their pages show them. Each is skipped where its framework is not installed."""

import importlib.util
import json

import pytest
from test_runs import mlflow_runs


@pytest.mark.skipif(not importlib.util.find_spec("xgboost"), reason="xgboost is not installed (pip install xgboost-cpu)")
def test_xgboost(site, name, tmp_path):
    done = site.run(f"""
import json, numpy, wandb, xgboost
from wandb.integration.xgboost import WandbCallback
random = numpy.random.default_rng(0)
x = random.normal(size=(200, 3)); y = (x[:, 0] > 0).astype(int)
run = wandb.init(project={name!r}, id="boost", config={{"eta": 0.3}})
data = xgboost.DMatrix(x, y)
xgboost.train({{"objective": "binary:logistic", "eta": 0.3}}, data, num_boost_round=5, evals=[(data, "train")],
              callbacks=[WandbCallback(log_model=True)])
run.finish()
logged = [a for a in wandb.Api().run("default/{name}/boost").logged_artifacts() if a.type == "model"]
print(json.dumps([[a.name for a in logged], len(logged[0].files())]))
""", tmp_path)
    [names, files] = json.loads(done.stdout.splitlines()[-1])
    assert names and files == 1
    [run] = mlflow_runs(site, name)
    assert run["info"]["status"] == "FINISHED" and 0 <= run["metrics"]["train-logloss"] < 0.7
    history = site.get("/api/2.0/mlflow/metrics/get-history", run_id=run["info"]["run_id"], metric_key="train-logloss")["metrics"]
    assert len(history) == 5


def test_scikit_learn_plots(site, name, tmp_path):
    pytest.importorskip("sklearn")
    site.run(f"""
import numpy, wandb
from sklearn.linear_model import LogisticRegression
random = numpy.random.default_rng(0)
x = random.normal(size=(200, 3)); y = (x[:, 0] > 0).astype(int)
run = wandb.init(project={name!r}, id="scikit")
model = LogisticRegression().fit(x[:150], y[:150])
wandb.sklearn.plot_classifier(model, x[:150], x[150:], y[:150], y[150:], model.predict(x[150:]), model.predict_proba(x[150:]), labels=[0, 1])
run.finish()
""", tmp_path)
    [run] = mlflow_runs(site, name)
    assert run["info"]["status"] == "FINISHED"
    files = site.get("/api/2.0/mlflow/artifacts/list", run_id=run["info"]["run_id"])["files"]
    assert any(file["path"] == "media" for file in files)


def test_media_of_every_kind_are_kept(site, name, tmp_path):
    done = site.run(f"""
import json, numpy, wandb
run = wandb.init(project={name!r}, id="media")
picture = numpy.zeros((8, 8, 3), dtype="uint8")
wandb_html = wandb.Html("<b>bold</b>")
run.log({{"picture": wandb.Image(picture, caption="black"), "page": wandb_html, "table": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]]),
         "bars": wandb.plot.bar(wandb.Table(columns=["l", "v"], data=[["a", 1]]), "l", "v"), "counts": wandb.Histogram([1, 2, 3])}})
run.define_metric("loss", summary="min")
for value in (3, 1, 2): run.log({{"loss": value}})
run.finish()
run = wandb.Api().run("default/{name}/media")
files = [f.name for f in run.files()]
print(json.dumps([sorted(n.split("/")[1] for n in files if n.startswith("media/")), run.summary["loss"]["min"], run.summary["picture"]["caption"]]))
""", tmp_path)
    kinds, least, caption = json.loads(done.stdout.splitlines()[-1])
    assert {"images", "html", "table"} <= set(kinds) and least == 1 and caption == "black"
