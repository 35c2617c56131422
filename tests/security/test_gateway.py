"""Attacks on the configuration of MLflow's gateway, and through its GraphQL: without the role, on hidden runs, with large requests."""

import pytest

from artifacts import secret  # noqa: F401
from conftest import Caller

GATEWAY = "/api/3.0/mlflow/gateway"
KEY = {"secret_name": "openai", "secret_value": {"api_key": "sk-very-secret-0123"}, "provider": "openai"}


@pytest.fixture
def key(house):
    return house.root.ok("POST", f"{GATEWAY}/secrets/create", KEY)["secret"]["secret_id"]


def changes(key):
    return [("POST", "secrets/create", KEY | {"secret_name": "mine"}), ("POST", "secrets/update", {"secret_id": key, "secret_value": {"api_key": "x"}}),
            ("DELETE", "secrets/delete", {"secret_id": key}), ("GET", f"secrets/get?secret_id={key}", None), ("GET", "secrets/list", None),
            ("POST", "model-definitions/create", {"name": "m", "secret_id": key, "provider": "p", "model_name": "m"}),
            ("POST", "endpoints/create", {"name": "e", "model_configs": [{"model_definition_id": "d-1", "linkage_type": "PRIMARY"}]}),
            ("DELETE", "endpoints/delete", {"endpoint_id": "e-1"}), ("DELETE", "budgets/delete", {"budget_policy_id": "bp-1"}),
            ("DELETE", "guardrails/delete", {"guardrail_id": "gr-1"})]


@pytest.mark.parametrize("who", ["carl", "nina"])
def test_only_administrators_change_the_gateway_and_see_secrets(house, key, who):
    for method, path, body in changes(key):
        answer = getattr(house, who).call(method, f"{GATEWAY}/{path}", body)
        assert answer.status == 403, (path, answer)
        assert "sk-" not in answer.text


def test_no_answer_and_no_entry_has_a_value(house, key):
    house.root.ok("POST", f"{GATEWAY}/secrets/update", {"secret_id": key, "secret_value": {"api_key": "sk-very-secret-4567"}})
    for path in (f"{GATEWAY}/secrets/get?secret_id={key}", f"{GATEWAY}/secrets/list", "/api/v1/ledger/entries?page_size=200", "/api/v1/changes?after=0&limit=500"):
        assert "very-secret" not in house.root.get(path).text, path
    refused = house.root.call("POST", f"{GATEWAY}/secrets/create", KEY | {"secret_value": "sk-very-secret-text"})
    assert refused.status == 400 and "very-secret" not in refused.text


def ask(who, query, **variables):
    answer = who.call("POST", "/graphql", {"query": query, "variables": variables})
    assert answer.status == 200, answer
    return answer


def test_graphql_has_the_rules_of_the_requests_it_stands_for(house, secret):
    run, experiment = secret["run"], secret["experiment"]
    for query in ("{ mlflowGetRun(input: {runId: \"%s\"}) { run { info { runName } data { tags { value } } } } }" % run,
                  "{ mlflowGetExperiment(input: {experimentId: \"%s\"}) { experiment { name } } }" % experiment,
                  "{ mlflowListArtifacts(input: {runId: \"%s\"}) { files { path } } }" % run,
                  "{ mlflowGetMetricHistoryBulkInterval(input: {runIds: [\"%s\"], metricKey: \"m\"}) { metrics { value } } }" % run):
        answer = ask(house.nina, query)
        assert not any(answer.json["data"].values()) and answer.json["errors"] and "secret" not in answer.text, answer
        assert ask(house.root, query).json["errors"] is None
    found = ask(house.nina, "{ mlflowSearchRuns(input: {experimentIds: [\"%s\"], runViewType: ALL}) { runs { info { runId } } } }" % experiment)
    assert run not in found.text


def test_graphql_requires_a_caller(house):
    answer = Caller(house.server).call("POST", "/graphql", {"query": "{ test(inputString: \"x\") { output } }"})
    assert answer.status == 401, answer


def test_nested_selections_are_limited(house, secret):
    many = " ".join(f"a{i}: name" for i in range(2000))
    for inner in (many, "... on MlflowExperiment { " + many + " }"):
        answer = ask(house.carl, "{ mlflowGetExperiment(input: {experimentId: \"%s\"}) { experiment { %s } } }" % (secret["experiment"], inner))
        assert answer.json["data"] is None and answer.json["errors"], answer


def test_whoever_may_read_some_names_only_does_not_see_the_configuration(house, key):
    """nina may use nina-*: which models, providers and limits others have is not hers to know."""
    for path in ("endpoints/list", "model-definitions/list", "budgets/list", "guardrails/list", "endpoints/bindings/list",
                 "endpoints/get?name=chat", "model-definitions/get?name=gpt"):
        assert house.nina.get(f"{GATEWAY}/{path}").status == 403, path
        assert house.rex.get(f"{GATEWAY}/{path}").status in (200, 404), path
