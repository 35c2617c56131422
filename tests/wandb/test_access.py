"""Every mutation and every entry of a query, asked by those who may not: the resolvers of docs/access-matrix.txt."""

import os
import pathlib

import graphql
import pytest
import requests

SOURCE = pathlib.Path(os.environ.get("REGESTA_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
SCHEMA = graphql.build_schema((SOURCE / "src/api/wandb/schema.graphql").read_text())
RULES = [line.removeprefix("/graphql ").split(" | ") for line in (SOURCE / "docs/access-matrix.txt").read_text().splitlines()
         if line.startswith("/graphql ") and not line.startswith("/graphql POST")]


def value(kind, name):
    """A value of the type: enough for the call to be checked."""
    if isinstance(kind, graphql.GraphQLNonNull):
        return value(kind.of_type, name)
    if isinstance(kind, graphql.GraphQLList):
        return f"[{value(kind.of_type, name)}]"
    if isinstance(kind, graphql.GraphQLInputObjectType):
        return "{" + ", ".join(f"{key}: {value(field.type, key)}" for key, field in kind.fields.items()
                               if key not in ("id", "clientMutationId")) + "}"
    if isinstance(kind, graphql.GraphQLEnumType):
        return next(iter(kind.values))
    if kind.name.endswith("Input"):  # a scalar of the schema, which takes an object
        return '{entityName: "default"}'
    if kind.name in ("Int", "Int64", "Float"):
        return "1"
    if kind.name == "Boolean":
        return "true"
    return {"entityName": '"default"', "md5": '"1B2M2Y8AsgTpgAmY7PhCfg=="'}.get(name, '"x"') if kind.name != "JSONString" else '"{}"'


def document(type_name, field):
    described = SCHEMA.type_map[type_name].fields[field]
    arguments = ", ".join(f"{name}: {value(argument.type, name)}" for name, argument in described.args.items())
    if type_name == "Query":
        arguments = arguments.replace('"x"', '"default"') if field == "entity" else arguments
    kind = graphql.get_named_type(described.type)
    selection = "" if graphql.is_leaf_type(kind) else " { __typename }"
    return f"{'mutation' if type_name == 'Mutation' else 'query'} {{ {field}{f'({arguments})' if arguments else ''}{selection} }}"


ENTRIES = [(name, rule) for name, rule in RULES if name.startswith(("Mutation.", "Query.")) and name not in ("Query.viewer", "Query.serverInfo", "Query.users")]


@pytest.fixture(scope="module")
def outsider(site):
    site.post("/api/v1/workspaces", name="elsewhere")
    return site.token("outsider", "contributor", "elsewhere")


@pytest.fixture(scope="module")
def reader(site):
    return site.token("reader", "reader")


@pytest.mark.parametrize("name,rule", ENTRIES)
def test_others_get_nothing(site, outsider, reader, name, rule):
    asked = document(*name.split("."))
    answer = requests.post(site.server.url + "/graphql", json={"query": asked}, auth=("api", outsider), timeout=60)
    assert answer.status_code == (404 if name == "Mutation.updateFilterTrigger" else 200), (asked, answer.text)
    assert answer.json().get("errors") and not any(answer.json()["data"].values()), (asked, answer.text)
    if rule.startswith("write"):
        refused = requests.post(site.server.url + "/graphql", json={"query": asked}, auth=("api", reader), timeout=60).json()
        assert refused["errors"][0]["extensions"]["code"] == "denied", refused
    assert requests.post(site.server.url + "/graphql", json={"query": asked}, timeout=60).status_code == 401


def test_every_resolver_is_a_field_of_the_schema():
    for name, _ in RULES:
        kind, field = name.split(".")
        assert field in SCHEMA.type_map[kind].fields, name
