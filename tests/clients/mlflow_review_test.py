"""The unmodified mlflow client against the real server: label schemas and review queues."""

import mlflow
import pytest
import requests
from mlflow.exceptions import MlflowException
from mlflow.genai.label_schemas.label_schemas import InputCategorical, InputNumeric, InputPassFail, InputText
from mlflow.genai.review_queues import ReviewQueueType, ReviewStatus

YES_NO = InputPassFail(positive_label="Yes", negative_label="No")


@pytest.fixture
def store(client):
    return client._tracking_client.store


@pytest.fixture
def experiment(client, name):
    return client.create_experiment(name)


@pytest.fixture
def traces(tracking, experiment):
    mlflow.set_experiment(experiment_id=experiment)
    ids = []
    for number in range(3):
        with mlflow.start_span(name=f"call-{number}") as span:
            ids.append(span.trace_id)
    mlflow.flush_trace_async_logging()
    return ids


def question(store, experiment, name, input=YES_NO, type="feedback"):
    return store.create_label_schema(experiment, name=name, type=type, input=input)


def refusal(code, *words):
    """Expects an MlflowException with this code whose message has the words."""
    class Refusal:
        def __enter__(self):
            self.raised = pytest.raises(MlflowException)
            self.info = self.raised.__enter__()

        def __exit__(self, *exc):
            done = self.raised.__exit__(*exc)
            assert self.info.value.error_code == code, self.info.value
            assert all(word in str(self.info.value) for word in words), self.info.value
            return done
    return Refusal()


@pytest.mark.parametrize("input", [YES_NO, InputCategorical(options=["low", "high"], multi_select=True), InputNumeric(min_value=1.5, max_value=5),
                                   InputNumeric(), InputText(max_length=500), InputText()], ids=repr)
def test_a_question_comes_back_as_it_was_asked(store, experiment, input):
    made = store.create_label_schema(experiment, name="Is it right, per the rubric?", type="expectation", input=input, instruction="Read twice.", enable_comment=True)
    assert made.schema_id.startswith("ls-") and made.created_at == made.updated_at > 0
    assert store.get_label_schema(made.schema_id) == made == store.get_label_schema_by_name(experiment, made.name)
    assert made.input == input and made.type == "expectation" and made.instruction == "Read twice." and made.enable_comment


def test_questions_are_listed_newest_first_and_each_experiment_has_one(store, experiment):
    for name in ("one", "two", "three"):
        question(store, experiment, name)
    listed = store.list_label_schemas(experiment)
    assert [s.name for s in listed] == ["three", "two", "one", "Feedback"] and [s.is_default for s in listed] == [False] * 3 + [True]
    pages, token = [], None
    while True:
        page = store.list_label_schemas(experiment, max_results=2, page_token=token)
        pages.append([s.name for s in page])
        token = page.token
        if token is None:
            break
    assert pages == [["three", "two"], ["one", "Feedback"]]
    assert [s.name for s in store.list_label_schemas(experiment, max_results=3)] == ["three", "two", "one"]
    default = listed[-1]
    assert store.get_label_schema(default.schema_id) == default
    with refusal("INVALID_PARAMETER_VALUE", "default question cannot be deleted"):
        store.delete_label_schema(default.schema_id)
    with refusal("INVALID_PARAMETER_VALUE", "default question cannot be edited"):
        store.update_label_schema(default.schema_id, instruction="other")
    with refusal("INVALID_PARAMETER_VALUE", "reserved"):
        question(store, experiment, "feedback")
    with refusal("INVALID_PARAMETER_VALUE", "max_results"):
        store.list_label_schemas(experiment, max_results=0)


def test_a_question_changes_but_not_its_kind(client, store, experiment):
    made, other = question(store, experiment, "a"), question(store, experiment, "b", InputCategorical(options=["x", "y"]))
    changed = store.update_label_schema(made.schema_id, name="c", instruction="new")
    assert (changed.name, changed.instruction, changed.input) == ("c", "new", made.input)
    assert store.update_label_schema(other.schema_id, input=InputCategorical(options=["z"])).input.options == ["z"]
    with refusal("RESOURCE_DOES_NOT_EXIST", "not found"):
        store.get_label_schema_by_name(experiment, "a")
    with refusal("RESOURCE_ALREADY_EXISTS", "already exists"):
        store.update_label_schema(made.schema_id, name="b")
    with refusal("INVALID_PARAMETER_VALUE", "input type cannot be changed"):
        store.update_label_schema(made.schema_id, input=InputText())
    with refusal("INVALID_PARAMETER_VALUE", "`multi_select` cannot be changed"):
        store.update_label_schema(other.schema_id, input=InputCategorical(options=["x"], multi_select=True))
    with refusal("RESOURCE_ALREADY_EXISTS", "already exists"):
        question(store, experiment, "c")
    store.delete_label_schema(made.schema_id)
    store.delete_label_schema(made.schema_id)  # no error
    with refusal("RESOURCE_DOES_NOT_EXIST", "not found"):
        store.update_label_schema(made.schema_id, name="d")
    client.delete_experiment(experiment)
    assert store.get_label_schema(other.schema_id).name == "b"
    with refusal("RESOURCE_DOES_NOT_EXIST", "No Experiment with id"):
        question(store, experiment, "late")


@pytest.mark.parametrize("changes,words", [
    ({"input": InputNumeric(min_value=5, max_value=5)}, "strictly less than"),
    ({"input": InputCategorical(options=[])}, "non-empty list"),
    ({"input": InputCategorical(options=["a", "a"])}, "deduplicated"),
    ({"input": InputCategorical(options=["a" * 65])}, "at most 64 characters"),
    ({"input": InputCategorical(options=[str(n) for n in range(11)])}, "at most 10"),
    ({"input": InputPassFail("same", "same")}, "must be distinct"),
    ({"input": InputText(max_length=0)}, "at least 1"),
    ({"name": "é" * 251}, "at most 250 characters"),
    ({"instruction": "é" * 1001}, "at most 1000 characters"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_question_that_breaks_a_rule(store, experiment, changes, words):
    with refusal("INVALID_PARAMETER_VALUE", words):
        store.create_label_schema(experiment, **({"name": "q", "type": "feedback", "input": YES_NO} | changes))


def test_a_custom_queue(store, experiment, traces):
    first, second = question(store, experiment, "first"), question(store, experiment, "second")
    queue = store.create_review_queue(experiment, name="Q3", queue_type="custom", users=["Bob", "carol", "bob"], schema_ids=[first.schema_id])
    assert queue.queue_type == ReviewQueueType.CUSTOM and queue.users == ["bob", "carol"] and queue.schema_ids == [first.schema_id]
    assert store.get_review_queue(queue.queue_id) == queue == store.get_review_queue_by_name(experiment, name="q3")
    items = store.add_items_to_review_queue(queue.queue_id, item_ids=[traces[2], traces[0], traces[2]])
    assert [item.item_id for item in items] == [traces[2], traces[0]] and {item.status for item in items} == {ReviewStatus.PENDING}
    with refusal("INVALID_PARAMETER_VALUE", "locked once items are assigned"):
        store.update_review_queue(queue.queue_id, schema_ids=[second.schema_id])
    changed = store.update_review_queue(queue.queue_id, users=["dave"], name="Q4", new_owner="Erin")
    assert (changed.users, changed.name, changed.created_by, changed.schema_ids) == (["dave"], "Q4", "Erin", [first.schema_id])
    store.remove_items_from_review_queue(queue.queue_id, item_ids=traces)
    assert store.update_review_queue(queue.queue_id, users=[], schema_ids=[second.schema_id]).schema_ids == [second.schema_id]
    store.delete_review_queue(queue.queue_id)
    store.delete_review_queue(queue.queue_id)  # no error
    with refusal("RESOURCE_DOES_NOT_EXIST", "not found"):
        store.list_review_queue_items(queue.queue_id)
    assert store.get_label_schema(first.schema_id) == first


def test_a_user_queue(store, experiment):
    queue = store.get_or_create_user_queue(experiment, user=" Alice ")
    assert (queue.name, queue.users, queue.schema_ids, queue.created_by) == ("alice", ["alice"], [], "alice")
    assert store.get_or_create_user_queue(experiment, user="ALICE") == queue
    store.create_review_queue(experiment, name="Team", queue_type="custom", users=["alice", "bob"])
    assert {q.name for q in store.list_review_queues(experiment, user="Alice")} == {"alice", "Team"}
    assert [q.name for q in store.list_review_queues(experiment, user="bob")] == ["Team"]
    assert [len(store.list_review_queues(experiment, max_results=1)), store.list_review_queues(experiment).token] == [1, None]
    with refusal("INVALID_PARAMETER_VALUE", "fixed and cannot be updated"):
        store.update_review_queue(queue.queue_id, users=["bob"])
    with refusal("RESOURCE_ALREADY_EXISTS", "non-user queue named"):
        store.get_or_create_user_queue(experiment, user="team")


@pytest.mark.parametrize("arguments,code,words", [
    ({"name": "  DeFault ", "queue_type": "custom"}, "INVALID_PARAMETER_VALUE", "reserved queue name"),
    ({"name": "alice", "queue_type": "user", "users": ["bob"]}, "INVALID_PARAMETER_VALUE", "exactly one assigned user equal to its name"),
    ({"name": "alice", "queue_type": "user", "schema_ids": ["ls-x"]}, "INVALID_PARAMETER_VALUE", "cannot have explicitly-attached schemas"),
    ({"name": "q", "queue_type": "custom", "schema_ids": ["ls-x"]}, "INVALID_PARAMETER_VALUE", "not found for experiment"),
    ({"name": "q", "queue_type": "custom", "users": [f"u{n}" for n in range(11)]}, "INVALID_PARAMETER_VALUE", "at most 10 assigned users"),
    ({"name": "TAKEN", "queue_type": "custom"}, "RESOURCE_ALREADY_EXISTS", "already exists"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_queue_that_breaks_a_rule(store, experiment, arguments, code, words):
    store.create_review_queue(experiment, name="taken", queue_type="custom")
    with refusal(code, words):
        store.create_review_queue(experiment, **arguments)


def test_reviewers_work_through_a_queue(store, experiment, traces):
    queue = store.create_review_queue(experiment, name="q", queue_type="custom").queue_id
    other = store.create_review_queue(experiment, name="r", queue_type="custom").queue_id
    for one in (queue, other):
        store.add_items_to_review_queue(one, item_ids=traces)
    done = store.set_review_queue_item_status(queue, item_id=traces[0], status="complete", completed_by="Bob")
    assert (done.status, done.completed_by, done.completed_time_ms > 0) == (ReviewStatus.COMPLETE, "bob", True)
    assert store.set_review_queue_item_status(queue, item_id=traces[0], status="complete", completed_by="carol") == done
    assert store.add_items_to_review_queue(queue, item_ids=[traces[0]]) == [done]
    assert store.set_review_queue_item_status(queue, item_id=traces[1], status="declined", completed_by="carol").completed_by == "carol"
    shown = {status: [item.item_id for item in store.list_review_queue_items(queue, status=status)] for status in ("pending", "complete", "declined")}
    assert shown == {"pending": [traces[2]], "complete": [traces[0]], "declined": [traces[1]]}
    assert {item.status for item in store.list_review_queue_items(other)} == {ReviewStatus.PENDING}
    reopened = store.set_review_queue_item_status(queue, item_id=traces[0], status="pending")
    assert (reopened.completed_by, reopened.completed_time_ms) == (None, None)
    page = store.list_review_queue_items(queue, max_results=2)
    assert len(page) == 2 and len(store.list_review_queue_items(queue, max_results=2, page_token=page.token)) == 1
    with refusal("INVALID_PARAMETER_VALUE", "`completed_by` is required"):
        store.set_review_queue_item_status(queue, item_id=traces[0], status="complete")
    with refusal("INVALID_PARAMETER_VALUE", "must not be set when reopening"):
        store.set_review_queue_item_status(queue, item_id=traces[1], status="pending", completed_by="bob")
    with refusal("RESOURCE_DOES_NOT_EXIST", "not attached"):
        store.set_review_queue_item_status(queue, item_id="tr-x", status="complete", completed_by="bob")
    with refusal("INVALID_PARAMETER_VALUE", "non-empty list"):
        store.add_items_to_review_queue(queue, item_ids=[])
    with refusal("RESOURCE_DOES_NOT_EXIST", "do not exist in experiment"):
        store.add_items_to_review_queue(queue, item_ids=[traces[0], "tr-x"])


def test_a_deleted_trace_leaves_its_queues(client, store, experiment, traces):
    queues = [store.create_review_queue(experiment, name=name, queue_type="custom").queue_id for name in ("q", "r")]
    for queue in queues:
        store.add_items_to_review_queue(queue, item_ids=traces)
    assert {q.queue_id for q in store.list_review_queues(experiment, item_id=traces[0])} == set(queues)
    client.delete_traces(experiment, trace_ids=[traces[0]])
    for queue in queues:
        assert {item.item_id for item in store.list_review_queue_items(queue)} == set(traces[1:])
    assert store.list_review_queues(experiment, item_id=traces[0]) == []


def test_the_ledger_says_who_asked_and_who_reviewed(store, experiment, traces, shared_server):
    asked = question(store, experiment, "Is it right?")
    store.update_label_schema(asked.schema_id, name="Is it true?")
    queue = store.create_review_queue(experiment, name="on record", queue_type=ReviewQueueType.CUSTOM, users=["ann"])
    store.add_items_to_review_queue(queue.queue_id, item_ids=traces[:2])
    store.add_items_to_review_queue(queue.queue_id, item_ids=traces[:2])
    store.set_review_queue_item_status(queue.queue_id, item_id=traces[0], status=ReviewStatus.COMPLETE, completed_by="ann")
    store.remove_items_from_review_queue(queue.queue_id, item_ids=traces[:1])
    store.delete_label_schema(asked.schema_id)
    store.delete_review_queue(queue.queue_id)
    shared_server.settle()

    def entries(kind, subject):
        found = requests.get(f"{shared_server.url}/api/v1/ledger/entries?action={kind}.*&page_size=200", timeout=60).json()["items"]
        bodies = [e["body"] for e in found if e["body"]["subject"] == subject]
        return [(b["action"], {name: value for name, value in b["data"].items() if name != "experiment"}) for b in bodies]

    assert entries("label-schema", f"label-schema/{asked.schema_id}") == [
        ("label-schema.changed", {"name": "Is it right?"}), ("label-schema.changed", {"name": "Is it true?"}), ("label-schema.deleted", {"name": "Is it true?"})]
    assert entries("review-queue", f"review-queue/{queue.queue_id}") == [
        ("review-queue.changed", {"name": "on record"}), ("review-queue.changed", {"name": "on record", "traces_added": traces[:2]}),
        ("review-queue.changed", {"name": "on record", "trace": traces[0], "status": "complete"}),
        ("review-queue.changed", {"name": "on record", "traces_removed": traces[:1]}), ("review-queue.deleted", {"name": "on record"})]
