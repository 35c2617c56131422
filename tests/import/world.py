"""A tracking server of MLflow's own, on SQLite or PostgreSQL, filled by the unmodified client; and what a client sees of a
server, for comparing two of them."""

import contextlib
import math
import os
import pathlib

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")

import mlflow
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    RunTag,
    ViewType,
)


@contextlib.contextmanager
def default(uri):
    """MLflow's own functions use this store meanwhile."""
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)
        for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
            os.environ.pop(name, None)


def fill(uri, folder):
    client = client_of(uri)
    with default(uri):
        ids = fill_tracking(client, folder)
        fill_registry(client, ids)
        ids["trace"] = fill_traces(ids)
    return ids


def client_of(uri):
    return mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)


def fill_tracking(client, folder):
    """Experiments, runs, files and logged models, with the odd cases: NaN, deleted things, steps out of order, equal files."""
    folder = pathlib.Path(folder)
    loans = client.create_experiment("loans", artifact_location=str(folder / "mlruns" / "loans"),
                                     tags={"team": "risk", "mlflow.note.content": "# Loans\nälter"})
    first = client.create_run(loans, run_name="first", start_time=1_600_000_000_000, tags={"odd": "tab\tand \"quotes\""})
    run_id = first.info.run_id
    client.log_batch(
        run_id,
        metrics=[Metric("loss", 1.0 / (step + 1), 1_600_000_000_000 + step, step) for step in range(900)],
        params=[Param("lr", "0.1"), Param("text", "ä" * 500)], tags=[RunTag("k", "")])
    for step, value in ((5, 0.5), (1, math.nan), (9, math.inf), (9, -math.inf)):
        client.log_metric(run_id, "odd/metric", value, timestamp=1_600_000_000_005, step=step)
    client.log_inputs(run_id, datasets=[DatasetInput(
        Dataset("customers", "d1g35t", "local", "{\"uri\": \"/data/customers.csv\"}", "{\"a\": 1}", "{\"rows\": 3}"),
        [InputTag("mlflow.data.context", "training")])])
    client.log_text(run_id, "hello", "notes/hello.txt")
    client.log_text(run_id, "hello", "notes/again.txt")
    client.log_dict(run_id, {"a": [1, 2]}, "ä ö/config.json")
    client.set_terminated(run_id, "FAILED", end_time=1_600_000_100_000)
    child = client.create_run(loans, run_name="child", tags={"mlflow.parentRunId": run_id})
    client.set_terminated(child.info.run_id)
    model = client.create_logged_model(loans, name="scorer", source_run_id=run_id, tags={"t": "1"}, params={"p": "2"},
                                       model_type="agent")
    weights = folder / "weights"
    weights.mkdir()
    (weights / "weights.bin").write_bytes(os.urandom(300_000))
    client.log_model_artifacts(model.model_id, str(weights))
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run_id, models=[LoggedModelOutput(model.model_id, 0)])
    client.log_inputs(child.info.run_id, models=[LoggedModelInput(model.model_id)])
    client.log_metric(run_id, "accuracy", 0.9, timestamp=1_600_000_000_009, step=0, model_id=model.model_id)
    gone = client.create_run(loans, run_name="gone")
    client.set_terminated(gone.info.run_id)
    client.delete_run(gone.info.run_id)
    client.create_run(loans, run_name="still running")
    client.create_run("0", run_name="in default")
    old = client.create_experiment("old", artifact_location=str(folder / "mlruns" / "old"))
    client.create_run(old, run_name="of a deleted experiment")
    client.delete_experiment(old)
    return {"experiment": loans, "run": run_id, "model": model.model_id}


def number(value):
    return "NaN" if math.isnan(value) else value


def see_run(client, run):
    keys = run.data.metrics
    return {
        "status": run.info.status, "stage": run.info.lifecycle_stage, "name": run.info.run_name, "user": run.info.user_id,
        "start": run.info.start_time, "end": run.info.end_time, "params": run.data.params, "tags": run.data.tags,
        "metrics": {key: number(value) for key, value in keys.items()},
        "history": {key: sorted((str(number(m.value)), m.timestamp, m.step)
                                for m in client.get_metric_history(run.info.run_id, key)) for key in keys},
        "inputs": sorted((i.dataset.name, i.dataset.digest, i.dataset.source_type, i.dataset.source, i.dataset.schema,
                          i.dataset.profile, tuple(sorted((t.key, t.value) for t in i.tags)))
                         for i in run.inputs.dataset_inputs),
        "model inputs": sorted(i.model_id for i in run.inputs.model_inputs),
        "outputs": sorted((o.model_id, o.step) for o in run.outputs.model_outputs) if run.outputs else [],
    }


def files_of(client, run_id, folder=None):
    found = {}
    for item in client.list_artifacts(run_id, folder):
        if item.is_dir:
            found |= files_of(client, run_id, item.path)
        else:
            found[item.path] = pathlib.Path(client.download_artifacts(run_id, item.path)).read_bytes()
    return found


def see_tracking(client, with_files=True):
    """Everything of the tracking half, by the ids that an import keeps."""
    seen = {"experiments": {}, "runs": {}, "models": {}, "files": {}}
    for experiment in client.search_experiments(view_type=ViewType.ALL):
        seen["experiments"][experiment.experiment_id] = {
            "name": experiment.name, "stage": experiment.lifecycle_stage, "tags": experiment.tags,
            "created": experiment.creation_time if experiment.experiment_id != "0" else None}
        for run in client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL, max_results=1000):
            run = client.get_run(run.info.run_id)  # MLflow's search leaves out the models that a run read
            seen["runs"][run.info.run_id] = see_run(client, run) | {"experiment": experiment.experiment_id}
            if with_files and run.info.lifecycle_stage == "active":
                seen["files"][run.info.run_id] = files_of(client, run.info.run_id)
        if experiment.lifecycle_stage == "active":
            for model in client.search_logged_models([experiment.experiment_id]):
                seen["models"][model.model_id] = {
                    "name": model.name, "type": model.model_type, "status": str(model.status), "tags": model.tags,
                    "params": model.params, "run": model.source_run_id, "created": model.creation_timestamp,
                    "updated": model.last_updated_timestamp,
                    "metrics": sorted((m.key, number(m.value), m.timestamp, m.step, m.run_id) for m in model.metrics or [])}
    return seen


def fill_registry(client, ids):
    """Models with gaps in their numbers, aliases and stages; prompts of both types."""
    client.create_registered_model("loan-risk", tags={"owner": "risk"}, description="Scores loans")
    for number in (1, 2, 3):
        client.create_model_version("loan-risk", f"runs:/{ids['run']}/notes", run_id=ids["run"], tags={"n": str(number)},
                                    description=f"version {number}")
    client.delete_model_version("loan-risk", "2")
    client.set_registered_model_alias("loan-risk", "champion", "3")
    client.set_registered_model_alias("loan-risk", "production", "1")
    client.transition_model_version_stage("loan-risk", "3", "Staging")
    client.create_registered_model("scorer")
    client.create_model_version("scorer", f"models:/{ids['model']}", model_id=ids["model"])
    client.register_prompt("greeting", "Hello {{name}}", commit_message="first", tags={"a": "b"})
    client.register_prompt("greeting", [{"role": "user", "content": "Hi {{name}}"}], commit_message="chat")
    client.set_prompt_alias("greeting", "live", 2)


def see_registry(client):
    seen = {}
    for model in client.search_registered_models():
        seen[model.name] = see_model(client, model)
    for prompt in client.search_prompts():
        versions = {}
        for number in range(1, 10):
            try:
                version = client.get_prompt_version(prompt.name, str(number))
            except mlflow.exceptions.MlflowException:
                break
            if not version:
                break
            versions[number] = {"template": version.template, "message": version.commit_message,
                                "created": version.creation_timestamp}
        seen[prompt.name] = {"tags": prompt.tags, "versions": versions,
                             "live": client.get_prompt_version_by_alias(prompt.name, "live").version}
    return seen


def see_model(client, model):
    full = client.get_registered_model(model.name)
    versions = {}
    for version in client.search_model_versions(f"name = '{model.name}'"):
        version = client.get_model_version(model.name, version.version)
        versions[int(version.version)] = {
            "source": version.source, "run": version.run_id, "stage": version.current_stage, "tags": version.tags,
            "text": version.description or "", "created": version.creation_timestamp, "updated": version.last_updated_timestamp,
            "aliases": sorted(version.aliases), "model": version.model_id or ""}
    return {"tags": full.tags, "text": full.description or "", "aliases": {k: int(v) for k, v in full.aliases.items()},
            "created": full.creation_timestamp, "updated": full.last_updated_timestamp, "versions": versions}


def fill_traces(ids):
    """A trace of two spans with an event, assessments and an overridden one, in the default store."""
    os.environ["MLFLOW_ENABLE_ASYNC_TRACE_LOGGING"] = "false"
    mlflow.set_experiment(experiment_id=ids["experiment"])
    with mlflow.start_span("root", span_type="CHAIN") as root:
        root.set_inputs({"q": "é?", "n": [1, 2]})
        root.set_attribute("x", 1.5)
        with mlflow.start_span("tool", span_type="TOOL") as tool:
            tool.set_outputs("out")
            tool.add_event(mlflow.entities.SpanEvent("ev", attributes={"a": "b"}))
        root.set_outputs({"a": 1})
    anna = mlflow.entities.AssessmentSource("HUMAN", "anna")
    good = mlflow.log_feedback(trace_id=root.trace_id, name="good", value=True, rationale="r", source=anna, metadata={"k": "v"})
    mlflow.log_expectation(trace_id=root.trace_id, name="answer", value={"x": [1]}, source=anna)
    mlflow.override_feedback(trace_id=root.trace_id, assessment_id=good.assessment_id, value=False)
    mlflow.set_trace_tag(root.trace_id, "t1", "v1")
    return root.trace_id


def see_trace(client, trace_id):
    trace = client.get_trace(trace_id)
    seen = trace.to_dict()
    seen["info"]["tags"].pop("mlflow.artifactLocation", None)
    for assessment in seen["info"].get("assessments", []):
        assessment.pop("run_id", None)
    return seen
