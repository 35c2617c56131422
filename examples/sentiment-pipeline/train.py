"""Registers the prompt and the reviews, trains the model on what the prompt makes of them, and has the server evaluate it.

Prints the number of the new version. Needs `regesta` on the PATH, and REGESTA_URL and REGESTA_TOKEN for the server.
"""

import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

os.environ.setdefault("MLFLOW_TRACKING_URI", os.environ.get("REGESTA_URL", "http://127.0.0.1:4600"))
if token := os.environ.get("REGESTA_TOKEN"):
    os.environ.setdefault("MLFLOW_TRACKING_TOKEN", token)

import mlflow
import mlflow.sklearn
from reviews import split
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

PROMPT, MODEL, HOLDOUT = "review", "sentiment", "reviews-holdout"
HERE = Path(__file__).resolve().parent
TRUSTED = ["numpy.dtype", "scipy.sparse._csr.csr_matrix"]


def regesta(*words):
    done = subprocess.run(["regesta", *map(str, words), "--json"], check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"regesta {' '.join(map(str, words))}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def register_prompt():
    """Stores the files of prompts/ that are new."""
    regesta("prompt", "push", HERE / "prompts")


def register_holdout(holdout, folder):
    """The dataset's version; a new one only if the reviews changed."""
    file = folder / "holdout.csv"
    holdout.to_csv(file, index=False)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    listed = regesta("version", "list", f"dataset/{HOLDOUT}") if HOLDOUT in names("dataset") else {"items": []}
    for version in listed["items"]:
        if version.get("tags", {}).get("sha256") == digest:
            return version["version"]
    return regesta("version", "create", f"dataset/{HOLDOUT}", "--file", file, "--tag", f"sha256={digest}")["version"]


def names(kind):
    return [asset["name"] for asset in regesta(kind, "list")["items"]]


def train_with(prompt_version="@latest"):
    """Trains on what this version of the prompt makes of the reviews, and has the result evaluated. Returns its number."""
    train, holdout = split()
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        dataset = register_holdout(holdout, folder)
        mlflow.set_experiment(MODEL)
        with mlflow.start_run() as run:
            prompt = mlflow.genai.load_prompt(f"prompts:/{PROMPT}{prompt_version}")  # inside the run: it is part of its lineage
            texts = [[prompt.format(title=row.title, text=row.text, allow_partial=True) for row in rows.itertuples()]
                     for rows in (train, holdout)]
            model = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000)).fit(texts[0], train.label)
            predicted = model.predict(texts[1])
            mlflow.log_params({"prompt": f"{PROMPT}@{prompt.version}", "rows": len(train)})
            mlflow.log_input(mlflow.data.from_pandas(train, name="reviews", targets="label"), context="training")
            mlflow.log_metric("holdout_accuracy", float((predicted == holdout.label).mean()))
            predictions = folder / "predictions.csv"
            holdout[["id"]].assign(prediction=predicted).to_csv(predictions, index=False)
            mlflow.log_artifact(str(predictions))
            logged = mlflow.sklearn.log_model(model, name="model", registered_model_name=MODEL, input_example=texts[1][:2],
                                              skops_trusted_types=TRUSTED)
        version = int(logged.registered_model_version)
        evidence = regesta("evidence", "evaluate", f"{MODEL}@{version}", "--dataset", f"{HOLDOUT}@{dataset}",
                           "--predictions", f"run:{run.info.run_id}:predictions.csv", "--label", "label", "--join", "id")
    print(f"{MODEL} version {version} of prompt {PROMPT}@{prompt.version}: accuracy {evidence['metrics']['accuracy']:.3f}")
    return version


def main():
    register_prompt()
    Path("version.txt").write_text(f"model/{MODEL}@{train_with()}")


if __name__ == "__main__":
    main()
