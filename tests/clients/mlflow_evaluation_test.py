"""The unmodified mlflow client against the real server: evaluation datasets, scorers, issues."""

import mlflow
import pytest
from mlflow.entities import IssueStatus
from mlflow.exceptions import MlflowException
from mlflow.genai import datasets


@pytest.fixture
def experiment(client, name):
    return client.create_experiment(name)


def test_a_dataset_grows_by_what_is_new(tracking, experiment, name):
    made = datasets.create_dataset(name=name, experiment_id=experiment, tags={"team": "ml"})
    made.merge_records([{"inputs": {"q": "why", "n": 1}, "expectations": {"answer": "because"}},
                        {"inputs": {"q": "how"}, "outputs": {"text": "so"}, "tags": {"difficulty": "easy"}}])
    made.merge_records([{"inputs": {"n": 1, "q": "why"}, "expectations": {"points": 2}}])
    again = datasets.get_dataset(dataset_id=made.dataset_id)
    table = again.to_df()
    assert [row["q"] for row in table["inputs"]] == ["why", "how"]
    assert table["expectations"][0] == {"answer": "because", "points": 2}
    assert again.profile and "2" in again.profile and again.tags["team"] == "ml"
    assert [d.name for d in datasets.search_datasets(filter_string=f"name = '{name}'")] == [name]
    assert again.delete_records([table["dataset_record_id"][0]]) == 1
    assert len(datasets.get_dataset(dataset_id=made.dataset_id).to_df()) == 1
    datasets.delete_dataset(dataset_id=made.dataset_id)
    with pytest.raises(MlflowException, match="not found"):
        datasets.get_dataset(dataset_id=made.dataset_id)


def test_a_dataset_of_traces(client, experiment, name):
    mlflow.set_experiment(experiment_id=experiment)
    with mlflow.start_span(name="ask") as span:
        span.set_inputs({"q": "what"})
        span.set_outputs("that")
    mlflow.flush_trace_async_logging()
    made = datasets.create_dataset(name=name, experiment_id=experiment)
    made.merge_records(mlflow.search_traces(locations=[experiment], return_type="list"))
    [record] = client.get_dataset(made.dataset_id).records
    assert record.inputs == {"q": "what"} and record.source.source_data["trace_id"] == span.trace_id


def test_links_to_experiments(client, experiment, name):
    other = client.create_experiment(name + "-other")
    made = client.create_dataset(name=name, experiment_id=[experiment])
    assert client.add_dataset_to_experiments(made.dataset_id, [other, other]).experiment_ids == [experiment, other]
    assert client.remove_dataset_from_experiments(made.dataset_id, [experiment]).experiment_ids == [other]
    [found] = client.search_datasets(experiment_ids=other)
    for dataset in (found, client.get_dataset(made.dataset_id)):  # the client asks for the links when somebody reads them
        assert dataset.name == name and dataset._experiment_ids is None and dataset.experiment_ids == [other]


def test_scorers_have_versions(tracking, experiment):
    from mlflow.genai.scorers import Safety, get_scorer, list_scorers
    Safety().register(name="safe", experiment_id=experiment)
    Safety().register(name="safe", experiment_id=experiment)
    assert [s.name for s in list_scorers(experiment_id=experiment)] == ["safe"]
    assert get_scorer(name="safe", experiment_id=experiment).name == "safe"


def test_issues(client, experiment):
    store = client._tracking_client.store
    made = store.create_issue(experiment_id=experiment, name="slow", description="calls take long")
    assert made.status == IssueStatus.PENDING
    assert store.update_issue(made.issue_id, status=IssueStatus.RESOLVED).description == "calls take long"
    assert [i.name for i in store.search_issues(experiment_id=experiment)] == ["slow"]
