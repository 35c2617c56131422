"""Attacks on MLflow's label schemas and review queues: of a hidden experiment, as a reader, in somebody else's name."""

import time

import pytest

from artifacts import experiment, secret  # noqa: F401

SCHEMAS, QUEUES = "/api/3.0/mlflow/label-schemas", "/api/3.0/mlflow/review-queues"
QUESTION = {"name": "hidden-question", "type": "FEEDBACK", "input": {"text": {}}}


def trace(who, experiment_id, trace_id):
    who.ok("POST", "/api/3.0/mlflow/traces", {"trace": {"trace_info": {
        "trace_id": trace_id, "request_time": "2026-01-01T00:00:00Z", "state": "OK",
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}}}}})


@pytest.fixture
def hidden(house, secret):
    """A question and a queue with a trace in an experiment that nina may not read."""
    where = secret["experiment"]
    schema = house.carl.ok("POST", f"{SCHEMAS}/create", {"experiment_id": where} | QUESTION)["label_schema"]["schema_id"]
    queue = house.carl.ok("POST", f"{QUEUES}/create", {"experiment_id": where, "name": "hidden-queue", "queue_type": "CUSTOM",
                                                       "users": ["hidden-person"], "schema_ids": [schema]})["review_queue"]["queue_id"]
    trace(house.carl, where, "tr-hidden")
    house.carl.ok("POST", f"{QUEUES}/items/add", {"queue_id": queue, "item_ids": ["tr-hidden"]})
    return {"experiment_id": where, "schema_id": schema, "queue_id": queue}


def attempts(hidden):
    """Each call on the hidden things, as (method, path, body); whether it changes something."""
    where, schema, queue = ({key: hidden[key]} for key in ("experiment_id", "schema_id", "queue_id"))
    reading = [
        ("GET", f"{SCHEMAS}/get?schema_id={hidden['schema_id']}", None),
        ("GET", f"{SCHEMAS}/get-by-name?experiment_id={hidden['experiment_id']}&name=hidden-question", None),
        ("GET", f"{SCHEMAS}/list?experiment_id={hidden['experiment_id']}", None),
        ("GET", f"{QUEUES}/get?queue_id={hidden['queue_id']}", None),
        ("GET", f"{QUEUES}/get-by-name?experiment_id={hidden['experiment_id']}&name=hidden-queue", None),
        ("GET", f"{QUEUES}/list?experiment_id={hidden['experiment_id']}", None),
        ("GET", f"{QUEUES}/items/list?queue_id={hidden['queue_id']}", None)]
    writing = [
        ("POST", f"{SCHEMAS}/create", where | QUESTION | {"name": "mine"}),
        ("PATCH", f"{SCHEMAS}/update", schema | {"name": "mine"}),
        ("POST", f"{QUEUES}/create", where | {"name": "mine", "queue_type": "CUSTOM"}),
        ("POST", f"{QUEUES}/get-or-create-user", where | {"user": "nina"}),
        ("POST", f"{QUEUES}/update", queue | {"name": "mine"}),
        ("POST", f"{QUEUES}/items/add", queue | {"item_ids": ["tr-hidden"]}),
        ("POST", f"{QUEUES}/items/set-status", queue | {"item_id": "tr-hidden", "status": "COMPLETE"}),
        ("POST", f"{QUEUES}/items/remove", queue | {"item_ids": ["tr-hidden"]}),
        ("POST", f"{QUEUES}/delete", queue),
        ("DELETE", f"{SCHEMAS}/delete", schema)]
    return reading, writing


def test_reviews_of_a_hidden_experiment_are_hidden(house, hidden):
    reading, writing = attempts(hidden)
    for method, path, body in reading + writing:
        answer = house.nina.call(method, path, body)
        # What does not exist is deleted already.
        expected = 200 if path.endswith("/delete") else 404
        assert answer.status == expected and "hidden-person" not in answer.text and "hidden-question" not in answer.text, (path, answer)
    for _, path, _ in reading:
        house.carl.ok("GET", path)


def test_a_reader_sees_reviews_and_changes_nothing(house, hidden):
    reading, writing = attempts(hidden)
    for method, path, body in reading:
        assert house.rex.call(method, path, body).status == 200, path
    before = [house.carl.get(path).json for _, path, _ in reading]
    for method, path, body in writing:
        assert house.rex.call(method, path, body).status == 403, path
    assert [house.carl.get(path).json for _, path, _ in reading] == before


def test_a_hidden_trace_does_not_enter_a_queue_of_ones_own(house, hidden):
    mine = experiment(house.nina, "nina-e")
    queue = house.nina.ok("POST", f"{QUEUES}/create", {"experiment_id": mine, "name": "q", "queue_type": "CUSTOM"})["review_queue"]
    added = house.nina.post(f"{QUEUES}/items/add", {"queue_id": queue["queue_id"], "item_ids": ["tr-hidden"]})
    unknown = house.nina.post(f"{QUEUES}/items/add", {"queue_id": queue["queue_id"], "item_ids": ["tr-unknown"]})
    assert added.status == unknown.status == 404
    assert added.text.replace("tr-hidden", "tr-unknown") == unknown.text
    asked = house.nina.post(f"{QUEUES}/update", {"queue_id": queue["queue_id"], "update_schema_ids": True, "schema_ids": [hidden["schema_id"]]})
    assert asked.status == 400 and "hidden-question" not in asked.text


def test_nobody_reviews_or_owns_in_another_name(house):
    mine = experiment(house.nina, "nina-e")
    trace(house.nina, mine, f"tr-{time.time_ns()}")
    listed = house.nina.post("/api/3.0/mlflow/traces/search", {
        "locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": mine}}]}).json["traces"]
    item = listed[0]["trace_id"]
    queue = house.nina.ok("POST", f"{QUEUES}/create", {"experiment_id": mine, "name": "q", "queue_type": "CUSTOM", "created_by": "root"})["review_queue"]
    assert queue["created_by"] == "nina"
    house.nina.ok("POST", f"{QUEUES}/items/add", {"queue_id": queue["queue_id"], "item_ids": [item]})
    done = house.nina.ok("POST", f"{QUEUES}/items/set-status", {"queue_id": queue["queue_id"], "item_id": item, "status": "COMPLETE", "completed_by": "carl"})
    assert done["item"]["completed_by"] == "nina"
    again = house.carl.ok("POST", f"{QUEUES}/items/set-status", {"queue_id": queue["queue_id"], "item_id": item, "status": "COMPLETE"})
    assert again["item"]["completed_by"] == "nina"
    open_again = house.carl.ok("POST", f"{QUEUES}/items/set-status", {"queue_id": queue["queue_id"], "item_id": item, "status": "PENDING", "completed_by": "nina"})
    assert "completed_by" not in open_again["item"]
