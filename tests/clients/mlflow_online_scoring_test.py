"""The unmodified mlflow client registers scorers whose model is an endpoint of the gateway, and sets how many traces they grade."""

import json

import pytest
from mlflow.entities import GatewayEndpointModelConfig, GatewayModelLinkageType, GatewayResourceType
from mlflow.exceptions import MlflowException


@pytest.fixture
def store(client):
    return client._tracking_client.store


@pytest.fixture
def experiment(client, name):
    return client.create_experiment(name)


@pytest.fixture
def endpoint(store, name):
    secret = store.create_gateway_secret(f"{name}-key", {"api_key": "sk-test"}, provider="openai")
    model = store.create_gateway_model_definition(f"{name}-model", secret.secret_id, "openai", "gpt-4o")
    primary = GatewayEndpointModelConfig(model.model_definition_id, GatewayModelLinkageType.PRIMARY)
    return store.create_gateway_endpoint(f"{name}-chat", [primary])


def judge(model, instructions="Is {{ outputs }} polite?"):
    return json.dumps({"name": "polite", "instructions_judge_pydantic_data": {"model": model, "instructions": instructions}})


def model_of(scorer):
    return json.loads(scorer._serialized_scorer)["instructions_judge_pydantic_data"]["model"]


def refused(code, call, words=""):
    with pytest.raises(MlflowException) as failure:
        call()
    assert failure.value.error_code == code and words in str(failure.value), failure.value


def test_a_scorer_follows_its_endpoint(store, experiment, endpoint):
    refused("RESOURCE_DOES_NOT_EXIST", lambda: store.register_scorer(experiment, "polite", judge("gateway:/missing")))
    made = store.register_scorer(experiment, "polite", judge(f"gateway:/{endpoint.name}"))
    assert model_of(made) == f"gateway:/{endpoint.name}"
    [binding] = store.list_endpoint_bindings(resource_type=GatewayResourceType.SCORER, resource_id=made.scorer_id)
    assert binding.endpoint_id == endpoint.endpoint_id

    # The scorer keeps the endpoint, whatever its name becomes.
    store.update_gateway_endpoint(endpoint.endpoint_id, name=f"{endpoint.name}-2")
    assert model_of(store.get_scorer(experiment, "polite")) == f"gateway:/{endpoint.name}-2"
    assert [model_of(s) for s in store.list_scorers(experiment)] == [f"gateway:/{endpoint.name}-2"]

    # It has no model once the endpoint is deleted.
    store.delete_gateway_endpoint(endpoint.endpoint_id)
    assert model_of(store.get_scorer(experiment, "polite")) is None
    assert store.list_endpoint_bindings(resource_type=GatewayResourceType.SCORER, resource_id=made.scorer_id) == []


def test_the_newest_version_is_bound(store, experiment, endpoint):
    made = store.register_scorer(experiment, "polite", judge(f"gateway:/{endpoint.name}"))
    assert [b.resource_id for b in store.list_endpoint_bindings(endpoint_id=endpoint.endpoint_id)] == [made.scorer_id]
    store.register_scorer(experiment, "polite", judge("openai:/gpt-4o"))
    assert store.list_endpoint_bindings(endpoint_id=endpoint.endpoint_id) == []


def test_how_many_traces_a_scorer_grades(store, experiment, endpoint):
    made = store.register_scorer(experiment, "polite", judge(f"gateway:/{endpoint.name}"))
    assert store.get_online_scoring_configs([made.scorer_id]) == []
    first = store.upsert_online_scoring_config(experiment, "polite", 0.5, "status = 'OK'")
    assert (first.scorer_id, first.sample_rate, first.filter_string, first.experiment_id) == (made.scorer_id, 0.5, "status = 'OK'", experiment)
    assert store.get_online_scoring_configs([made.scorer_id, "none"]) == [first]
    second = store.upsert_online_scoring_config(experiment, "polite", 1)
    assert store.get_online_scoring_configs([made.scorer_id]) == [second] and second.filter_string is None

    store.delete_scorer(experiment, "polite")
    assert store.get_online_scoring_configs([made.scorer_id]) == []


def test_what_no_server_could_grade_is_refused(store, experiment, endpoint):
    store.register_scorer(experiment, "local", judge("openai:/gpt-4o"))
    store.register_scorer(experiment, "truth", judge(f"gateway:/{endpoint.name}", "Does {{outputs}} match {{expectations }}?"))
    refused("INVALID_PARAMETER_VALUE", lambda: store.upsert_online_scoring_config(experiment, "local", 0.1), "does not use a gateway model")
    refused("INVALID_PARAMETER_VALUE", lambda: store.upsert_online_scoring_config(experiment, "truth", 0.1), "requires expectations")
    refused("INVALID_PARAMETER_VALUE", lambda: store.upsert_online_scoring_config(experiment, "truth", 1.5), "between 0.0 and 1.0")
    refused("INVALID_PARAMETER_VALUE", lambda: store.upsert_online_scoring_config(experiment, "truth", 0, "no filter"))
    refused("RESOURCE_DOES_NOT_EXIST", lambda: store.upsert_online_scoring_config(experiment, "missing", 0))
    assert store.upsert_online_scoring_config(experiment, "truth", 0).sample_rate == 0
