"""The unmodified mlflow client configures the AI gateway: secrets, model definitions, endpoints, budgets, guardrails."""

import contextlib
import pathlib

import pytest
import requests
from mlflow.entities import (
    FallbackConfig,
    FallbackStrategy,
    GatewayEndpointModelConfig,
    GatewayEndpointTag,
    GatewayModelLinkageType,
    GatewayResourceType,
    RoutingStrategy,
)
from mlflow.entities.gateway_budget_policy import (
    BudgetAction,
    BudgetDuration,
    BudgetDurationUnit,
    BudgetTargetScope,
    BudgetUnit,
)
from mlflow.entities.gateway_guardrail import GuardrailAction, GuardrailStage
from mlflow.exceptions import MlflowException

KEY = "sk-live-0123456789abcdef"


@pytest.fixture
def store(client):
    return client._tracking_client.store


@pytest.fixture
def secret(store, name):
    return store.create_gateway_secret(f"{name}-key", {"api_key": KEY}, provider="openai", auth_config={"api_base": " https://api.example.com "}, created_by="ann")


@pytest.fixture
def model(store, secret, name):
    return store.create_gateway_model_definition(f"{name}-model", secret.secret_id, "openai", "gpt-4o", created_by="ann")


def config(model, linkage="PRIMARY", **more):
    return GatewayEndpointModelConfig(model.model_definition_id, GatewayModelLinkageType(linkage), **more)


@pytest.fixture
def endpoint(store, model, name):
    return store.create_gateway_endpoint(f"{name}.chat", [config(model)], created_by="ann")


def refused(code, call, words=""):
    with pytest.raises(MlflowException) as failure:
        call()
    assert failure.value.error_code == code and words in str(failure.value), failure.value


def test_a_secret_shows_only_its_ends(store, secret, shared_server):
    assert secret.masked_values == {"api_key": "sk-...cdef"} and secret.auth_config == {"api_base": "https://api.example.com"}
    assert store.get_secret_info(secret_id=secret.secret_id) == secret == store.get_secret_info(secret_name=secret.secret_name)
    assert [s.secret_id for s in store.list_secret_infos(provider="openai") if s.secret_name == secret.secret_name] == [secret.secret_id]
    assert secret.secret_id not in [s.secret_id for s in store.list_secret_infos(provider="cohere")]
    changed = store.update_gateway_secret(secret.secret_id, {"id": "short", "key": "abcdefgh-new"}, updated_by="bob")
    assert changed.masked_values == {"id": "***", "key": "abc...-new"} and changed.last_updated_by == "bob" and changed.created_by == "ann"
    assert changed.auth_config == secret.auth_config
    refused("RESOURCE_ALREADY_EXISTS", lambda: store.create_gateway_secret(secret.secret_name, {"k": "v"}), "already exists")
    refused("INVALID_PARAMETER_VALUE", lambda: store.create_gateway_secret("other", {}), "secret_value")
    refused("RESOURCE_DOES_NOT_EXIST", lambda: store.get_secret_info(secret_id="s-0"), "GatewaySecret not found (secret_id='s-0')")


def test_no_value_of_a_secret_is_on_the_disk(secret, shared_server):
    read = {}
    for path in pathlib.Path(shared_server.data).rglob("*"):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):  # the server replaces files meanwhile
            read[path] = path.read_bytes()
    assert any(path.name == "regesta.db" for path in read) and not [path for path, held in read.items() if KEY.encode() in held]


def test_a_deleted_secret_leaves_its_models_without_one(store, secret, model):
    assert (model.secret_id, model.secret_name) == (secret.secret_id, secret.secret_name)
    store.delete_gateway_secret(secret.secret_id)
    orphan = store.get_gateway_model_definition(model.model_definition_id)
    assert (orphan.secret_id, orphan.secret_name) == (None, None)
    refused("RESOURCE_DOES_NOT_EXIST", lambda: store.get_secret_info(secret_id=secret.secret_id))


def test_model_definitions(store, secret, model, name):
    assert store.get_gateway_model_definition(model.model_definition_id) == model
    assert [m.name for m in store.list_gateway_model_definitions(secret_id=secret.secret_id)] == [model.name]
    changed = store.update_gateway_model_definition(model.model_definition_id, name=f"{name}-renamed", model_name="gpt-5", updated_by="bob")
    assert (changed.name, changed.model_name, changed.provider, changed.last_updated_by) == (f"{name}-renamed", "gpt-5", "openai", "bob")
    refused("RESOURCE_ALREADY_EXISTS", lambda: store.create_gateway_model_definition(changed.name, secret.secret_id, "openai", "x"))
    refused("RESOURCE_DOES_NOT_EXIST", lambda: store.create_gateway_model_definition("m", "s-0", "openai", "x"))
    store.delete_gateway_model_definition(model.model_definition_id)
    assert store.list_gateway_model_definitions(secret_id=secret.secret_id) == []


def test_endpoints(client, store, model, endpoint, name):
    assert store.get_gateway_endpoint(endpoint_id=endpoint.endpoint_id) == endpoint == store.get_gateway_endpoint(name=endpoint.name)
    mapping, = endpoint.model_mappings
    assert (mapping.model_definition, mapping.linkage_type, mapping.weight) == (model, GatewayModelLinkageType.PRIMARY, 1.0)
    tags = client.get_experiment(endpoint.experiment_id).tags
    assert tags["mlflow.experiment.sourceId"] == endpoint.endpoint_id and client.get_experiment(endpoint.experiment_id).name == f"gateway/{endpoint.name}"
    backup = store.create_gateway_model_definition(f"{name}-backup", model.secret_id, "cohere", "command")
    changed = store.update_gateway_endpoint(endpoint.endpoint_id, name=f"{name}.new", updated_by="bob", routing_strategy=RoutingStrategy.REQUEST_BASED_TRAFFIC_SPLIT,
                                            fallback_config=FallbackConfig(FallbackStrategy.SEQUENTIAL, 2),
                                            model_configs=[config(model, weight=0.5), config(backup, "FALLBACK", fallback_order=0)])
    assert (changed.routing_strategy, changed.fallback_config.max_attempts) == (RoutingStrategy.REQUEST_BASED_TRAFFIC_SPLIT, 2)
    assert [(m.weight, m.fallback_order) for m in changed.model_mappings] == [(0.5, None), (1.0, 0)]
    assert endpoint.endpoint_id in [e.endpoint_id for e in store.list_gateway_endpoints(provider="cohere")]
    refused("INVALID_STATE", lambda: store.delete_gateway_model_definition(backup.model_definition_id), "in use by endpoints")
    refused("RESOURCE_ALREADY_EXISTS", lambda: store.create_gateway_endpoint(changed.name, [config(model)]))
    refused("INVALID_PARAMETER_VALUE", lambda: store.create_gateway_endpoint("a b", [config(model)]), "Invalid endpoint name")
    refused("RESOURCE_DOES_NOT_EXIST", lambda: store.update_gateway_endpoint(endpoint.endpoint_id, experiment_id="99999999"))
    store.delete_gateway_endpoint(endpoint.endpoint_id)
    refused("RESOURCE_DOES_NOT_EXIST", lambda: store.get_gateway_endpoint(endpoint_id=endpoint.endpoint_id))
    store.delete_gateway_model_definition(backup.model_definition_id)


def test_models_bindings_and_tags_of_an_endpoint(store, model, endpoint, name):
    other = store.create_gateway_model_definition(f"{name}-other", model.secret_id, "cohere", "command")
    attached = store.attach_model_to_endpoint(endpoint.endpoint_id, config(other, "FALLBACK", weight=2.0), created_by="bob")
    assert (attached.model_definition.name, attached.weight, attached.created_by) == (other.name, 2.0, "bob")
    refused("RESOURCE_ALREADY_EXISTS", lambda: store.attach_model_to_endpoint(endpoint.endpoint_id, config(other, "FALLBACK")), "already attached")
    store.detach_model_from_endpoint(endpoint.endpoint_id, other.model_definition_id)
    refused("RESOURCE_DOES_NOT_EXIST", lambda: store.detach_model_from_endpoint(endpoint.endpoint_id, other.model_definition_id), "is not attached")

    made = store.create_endpoint_binding(endpoint.endpoint_id, GatewayResourceType.SCORER, "sc-1", created_by="ann")
    assert [(b.resource_id, b.created_by) for b in store.list_endpoint_bindings(endpoint_id=endpoint.endpoint_id)] == [(made.resource_id, "ann")]
    assert store.list_endpoint_bindings(endpoint_id=endpoint.endpoint_id, resource_id="sc-2") == []
    store.delete_endpoint_binding(endpoint.endpoint_id, "scorer", "sc-1")
    refused("RESOURCE_DOES_NOT_EXIST", lambda: store.delete_endpoint_binding(endpoint.endpoint_id, "scorer", "sc-1"), "GatewayEndpointBinding not found")

    store.set_gateway_endpoint_tag(endpoint.endpoint_id, GatewayEndpointTag("team", "risk"))
    store.set_gateway_endpoint_tag(endpoint.endpoint_id, GatewayEndpointTag("team", "credit"))
    assert [(t.key, t.value) for t in store.get_gateway_endpoint(endpoint_id=endpoint.endpoint_id).tags] == [("team", "credit")]
    store.delete_gateway_endpoint_tag(endpoint.endpoint_id, "team")
    assert store.get_gateway_endpoint(endpoint_id=endpoint.endpoint_id).tags == []


def test_budgets(store, endpoint):
    def create(scope, target=None, value=1):
        return store.create_budget_policy(BudgetUnit.USD, 10.5, BudgetDuration(BudgetDurationUnit.DAYS, value), scope, BudgetAction.REJECT, created_by="ann", target_value=target)
    made = create(BudgetTargetScope.GLOBAL)
    assert store.get_budget_policy(made.budget_policy_id) == made and made.budget_amount == 10.5
    changed = store.update_budget_policy(made.budget_policy_id, budget_amount=3.0, target_scope=BudgetTargetScope.ENDPOINT, target_value=endpoint.endpoint_id)
    assert (changed.budget_amount, changed.target_value, changed.duration.value) == (3.0, endpoint.endpoint_id, 1)
    refused("INVALID_PARAMETER_VALUE", lambda: create(BudgetTargetScope.ENDPOINT), "target_value is required")
    refused("INVALID_PARAMETER_VALUE", lambda: create(BudgetTargetScope.GLOBAL, "x"), "target_value can only be set")
    refused("INVALID_PARAMETER_VALUE", lambda: create(BudgetTargetScope.USER, "ann"), "server authentication")
    refused("INVALID_PARAMETER_VALUE", lambda: create(BudgetTargetScope.GLOBAL, value=0), "positive integer")
    refused("RESOURCE_DOES_NOT_EXIST", lambda: create(BudgetTargetScope.ENDPOINT, "e-0"))
    page = store.list_budget_policies(max_results=1000)
    assert made.budget_policy_id in [b.budget_policy_id for b in page] and page.token is None
    store.delete_budget_policy(made.budget_policy_id)
    refused("RESOURCE_DOES_NOT_EXIST", lambda: store.get_budget_policy(made.budget_policy_id), "BudgetPolicy not found")


def test_guardrails(client, store, endpoint, name):
    scorer = store.register_scorer(client.create_experiment(name), "polite", '{"name": "polite"}')
    first, second = (store.create_gateway_guardrail(f"{name}-{i}", scorer.scorer_id, 1, GuardrailStage.BEFORE, GuardrailAction.VALIDATION) for i in range(2))
    same = store.get_gateway_guardrail(first.guardrail_id)
    assert (same.guardrail_id, same.name, same.scorer.scorer_name, same.stage) == (first.guardrail_id, first.name, "polite", first.stage)
    store.add_guardrail_to_endpoint(endpoint.endpoint_id, first.guardrail_id)
    store.add_guardrail_to_endpoint(endpoint.endpoint_id, second.guardrail_id, execution_order=2)
    used = lambda: [(c.guardrail_id, c.execution_order) for c in store.list_endpoint_guardrail_configs(endpoint.endpoint_id)]
    assert used() == [(second.guardrail_id, 2), (first.guardrail_id, None)]
    store.update_endpoint_guardrail_config(endpoint.endpoint_id, first.guardrail_id, execution_order=1)
    assert used()[0] == (first.guardrail_id, 1)
    refused("RESOURCE_ALREADY_EXISTS", lambda: store.add_guardrail_to_endpoint(endpoint.endpoint_id, first.guardrail_id), "already added")
    store.delete_gateway_guardrail(first.guardrail_id)
    assert used() == [(second.guardrail_id, 2)]
    store.remove_guardrail_from_endpoint(endpoint.endpoint_id, second.guardrail_id)
    assert used() == []
    refused("RESOURCE_DOES_NOT_EXIST", lambda: store.create_gateway_guardrail("g", "nope", 1, GuardrailStage.AFTER, GuardrailAction.VALIDATION), "Scorer with ID 'nope'")


def test_what_forms_offer(tracking, model, name):
    def ask(what, **query):
        return requests.get(f"{tracking}/ajax-api/3.0/mlflow/gateway/{what}", params=query, timeout=60)

    assert {"openai", "bedrock"} <= set(ask("supported-providers").json()["providers"])
    offered = ask("supported-models", provider="openai").json()["models"]
    assert {"model": "gpt-4o", "provider": "openai", "mode": "chat"} in offered and {m["provider"] for m in offered} == {"openai"}
    config = ask("provider-config", provider="bedrock").json()
    assert config["default_mode"] == "api_key" and [m["mode"] for m in config["auth_modes"]] == ["api_key", "access_keys", "iam_role"]
    assert config["auth_modes"][2]["secret_fields"] == []
    assert ask("provider-config", provider="another").json()["auth_modes"][0]["config_fields"][0]["name"] == "api_base"
    assert ask("provider-config").status_code == 400
