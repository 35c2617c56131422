"""/openapi.json as a tool that generates clients reads it: valid OpenAPI 3.1, complete, with examples that fit their schemas."""

import json
import urllib.request

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate


@pytest.fixture
def document(server):
    with urllib.request.urlopen(f"{server.url}/openapi.json", timeout=60) as answer:
        return json.load(answer)


def operations(document):
    return [(f"{method.upper()} {path}", operation) for path, item in document["paths"].items() for method, operation in item.items()]


def test_it_is_valid(document):
    validate(document)


def test_every_operation_is_described(document):
    found = operations(document)
    assert len(found) >= 297
    for name, operation in found:
        assert operation["summary"] and operation["summary"][0].isupper() and not operation["summary"].endswith("."), name
        assert operation["description"].endswith("."), name
    identifiers = [operation["operationId"] for _, operation in found]
    assert len(set(identifiers)) == len(identifiers)


def test_every_example_fits_its_schema(document):
    def fits(schema, example, where):
        whole = {**schema, "components": document["components"]}
        errors = [f"{where} {error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(example)]
        assert not errors, errors

    bodies = 0
    for name, operation in operations(document):
        contents = [operation.get("requestBody", {}).get("content", {})]
        contents += [answer.get("content", {}) for answer in operation["responses"].values()]
        for content in contents:
            if "application/json" in content:
                bodies += 1
                fits(content["application/json"]["schema"], content["application/json"]["example"], name)
    assert bodies > 300
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema["properties"].items():
            for example in described.get("examples", []):
                fits(described, example, f"{name}.{field}")
