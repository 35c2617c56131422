"""OpenFeature's unmodified OFREP provider for Python, and details of the protocol that other providers rely on."""

import json

import httpx
import mlflow
import pytest
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason

JSON = {"Content-Type": "application/json"}


def client(url, domain, **more):
    api.set_provider(OFREPProvider(url, **more), domain)
    return api.get_client(domain)


@pytest.fixture
def flags(shared_server, name):
    return client(shared_server.url, name)


def register(server, name, text, alias="production", **more):
    made = httpx.post(f"{server.url}/api/v1/prompts/{name.replace('/', '%2F')}/versions",
                      json={"template": text, **more}, timeout=60)
    assert made.status_code in (200, 201), made.text
    version = made.json()["version"]
    if alias:
        moved = httpx.put(f"{server.url}/api/v1/assets/prompt/{name.replace('/', '%2F')}/aliases/{alias}",
                          json={"version": version}, timeout=60)
        assert moved.status_code == 200, moved.text
    return version


def test_a_prompt_is_an_object_flag_and_its_version_a_text_flag(flags, shared_server, name):
    register(shared_server, name, "hi {{x}}", model_config={"model": "m1"})
    register(shared_server, name, "hello {{x}}", alias="staging", model_config={"model": "m1"})
    found = flags.get_object_details(name, {})
    assert found.value["template"] == "hi {{x}}" and found.value["version"] == 1
    assert found.value["model_config"] == {"model": "m1"} and found.value["semver"] == "1.0.0"
    assert (found.reason, found.variant, found.flag_metadata["version"]) == (Reason.STATIC, "stable", 1)
    who = EvaluationContext("user-1", {"country": "DE"})
    assert flags.get_string_value(f"{name}.version", "0", who) == "1"
    assert flags.get_string_value(f"{name}@staging.version", "0", who) == "2"
    assert flags.get_object_value(f"{name}:staging", {})["template"] == "hello {{x}}"
    assert flags.get_string_value(f"{name}:1.0.0.version", "0") == "1"
    assert flags.get_string_value(f"{name}:^1.version", "0") == "2"


def test_names_in_folders(flags, shared_server, name):
    register(shared_server, f"support/{name}", "hallo")
    assert flags.get_object_value(f"support/{name}", {})["template"] == "hallo"
    encoded = httpx.post(f"{shared_server.url}/ofrep/v1/evaluate/flags/support%2F{name}", json={})
    assert encoded.json()["key"] == f"support/{name}"


def test_what_is_not_there_or_of_another_type(flags, shared_server, name):
    missing = flags.get_object_details(name, {"default": 1})
    assert (missing.value, missing.error_code) == ({"default": 1}, ErrorCode.FLAG_NOT_FOUND)
    assert name in missing.error_message
    register(shared_server, name, "x", alias=None)
    no_alias = flags.get_object_details(name, {})
    assert no_alias.error_code == ErrorCode.FLAG_NOT_FOUND and "production" in no_alias.error_message
    register(shared_server, name, "x")
    assert flags.get_boolean_details(name, False).error_code == ErrorCode.TYPE_MISMATCH


def test_what_mlflow_writes_is_a_flag(flags, tracking, name):
    made = mlflow.genai.register_prompt(name, [{"role": "system", "content": "Be {{how}}"}])
    mlflow.genai.set_prompt_alias(name, "production", made.version)
    assert flags.get_object_value(name, {})["messages"] == [{"role": "system", "content": "Be {{how}}"}]


def test_a_rollout_splits_by_key_and_segment(flags, shared_server, name):
    register(shared_server, name, "stable")
    candidate = register(shared_server, name, "candidate", alias=None)
    started = httpx.post(f"{shared_server.url}/api/v1/prompts/{name}/rollouts", timeout=60, json={
        "alias": "production", "version": candidate, "steps": [{"weight": 40}],
        "segments": [{"name": "staff", "when": [{"attribute": "team", "operator": "in", "values": ["us"]}],
                      "serve": "candidate"}]})
    assert started.status_code < 300, started.text
    seen = set()
    for i in range(40):
        found = flags.get_object_details(name, {}, EvaluationContext(f"user-{i}"))
        native = httpx.get(f"{shared_server.url}/api/v1/prompts/{name}/resolve", params={"key": f"user-{i}"}).json()
        assert (found.value["version"], found.variant) == (native["version"], native["variant"])
        assert found.reason == Reason.SPLIT and found.flag_metadata["rollout"] == native["rollout"]
        seen.add(found.variant)
    assert seen == {"stable", "candidate"}
    staff = flags.get_object_details(name, {}, EvaluationContext("user-1", {"team": "us"}))
    assert (staff.reason, staff.variant) == (Reason.TARGETING_MATCH, "candidate")
    nobody = flags.get_object_details(name, {})
    assert (nobody.reason, nobody.variant, nobody.value["version"]) == (Reason.STATIC, "stable", 1)


def evaluate(server, path, body, headers=None):
    return httpx.post(f"{server.url}/ofrep/v1/evaluate/flags{path}", content=body, headers={**JSON, **(headers or {})})


@pytest.mark.parametrize("body", ["{}", "", '{"context": null}', '{"context": {}}', '{"context": {"targetingKey": null}}',
                                  '{"context": {"targetingKey": "ü\\u0000😀", "deep": {"a": [1, {}]}}}'])
def test_contexts_that_are_fine(shared_server, name, body):
    register(shared_server, name, "x")
    answer = evaluate(shared_server, f"/{name}", body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("body, code", [
    ('{"context": 1}', "INVALID_CONTEXT"), ('{"context": {"targetingKey": 5}}', "INVALID_CONTEXT"),
    ("{", "PARSE_ERROR"), ("[]", "PARSE_ERROR"), ('{"context": {"a": NaN}}', "PARSE_ERROR"),
    ('{"context": ' + '{"a": ' * 200 + "1" + "}" * 200 + "}", "PARSE_ERROR")])
def test_contexts_that_are_not(shared_server, name, body, code):
    register(shared_server, name, "x")
    answer = evaluate(shared_server, f"/{name}", body)
    assert answer.status_code == 400
    assert answer.json()["errorCode"] == code and answer.json()["key"] == name and answer.json()["errorDetails"]


def test_bulk_with_an_etag_over_config_and_context(server):
    register(server, "a", "text a")
    register(server, "b/c", "text b", alias="staging")
    first = evaluate(server, "", "{}")
    assert first.status_code == 200
    found = {f["key"]: f for f in first.json()["flags"]}
    assert set(found) == {"a", "a.version", "b/c@staging", "b/c@staging.version"}
    assert found["a"]["value"]["template"] == "text a" and found["a.version"]["value"] == "1"
    same = evaluate(server, "", '{"context": {"targetingKey": "u1"}}', {"If-None-Match": first.headers["ETag"]})
    assert same.status_code == 304 and not same.content
    register(server, "a", "text a, again")
    changed = evaluate(server, "", "{}", {"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200 and changed.headers["ETag"] != first.headers["ETag"]


def test_the_event_stream_says_when_to_evaluate_again(server):
    register(server, "a", "text a")
    [stream] = evaluate(server, "", "{}").json()["eventStreams"]
    assert stream["type"] == "sse"
    url = server.url + stream["endpoint"]["requestUri"]
    with httpx.stream("GET", url, timeout=60) as events:
        assert events.status_code == 200 and events.headers["Content-Type"].startswith("text/event-stream")
        lines = events.iter_lines()
        assert next(lines).startswith("retry:")
        httpx.post(f"{server.url}/api/v1/assets", json={"kind": "model", "name": "no-prompt"})
        register(server, "a", "text a2")
        event = {}
        for line in lines:
            if not line and event:
                break
            if line and not line.startswith(":"):
                field, _, value = line.partition(": ")
                event[field] = value
    assert json.loads(event["data"]) == {"type": "refetchEvaluation"} and event["id"].isdigit() and "event" not in event
    # A page that comes back learns at once that something happened since.
    register(server, "a", "text a3")
    with httpx.stream("GET", url, timeout=60, headers={"Last-Event-ID": event["id"]}) as events:
        assert any("refetchEvaluation" in line for line in events.iter_lines() if line.startswith("data"))


def test_credentials(server):
    httpx.post(f"{server.url}/api/v1/users", json={"name": "anna", "password": "long enough", "grants": []})
    anna = ("anna", "long enough")
    httpx.post(f"{server.url}/api/v1/workspaces", json={"name": "team-a"}, auth=anna)
    made = httpx.post(f"{server.url}/api/v1/tokens", auth=anna, json={
        "name": "edge", "grants": [{"role": "reader", "workspace": "team-a", "name_pattern": "chat-*"}]})
    token = made.json()["token"]
    for name in ("chat-1", "mail-1"):
        httpx.post(f"{server.url}/api/v1/prompts/{name}/versions", json={"template": name}, auth=anna,
                   headers={"X-Regesta-Workspace": "team-a"})
        httpx.put(f"{server.url}/api/v1/assets/prompt/{name}/aliases/production", json={"version": 1}, auth=anna,
                  headers={"X-Regesta-Workspace": "team-a"})
    nobody = evaluate(server, "/chat-1", "{}")
    assert nobody.status_code == 401 and not nobody.content
    for headers in ({"Authorization": f"Bearer {token}"}, {"X-API-Key": token}):
        # The token's grants name one workspace, so requests with it are about that workspace.
        assert evaluate(server, "/chat-1", "{}", headers).json()["value"]["template"] == "chat-1"
        assert evaluate(server, "/mail-1", "{}", headers).status_code == 403
        bulk = evaluate(server, "", "{}", headers).json()
        assert [f["key"] for f in bulk["flags"]] == ["chat-1", "chat-1.version"]
    by_provider = client(server.url, "edge", headers_factory=lambda: {"X-API-Key": token})
    assert by_provider.get_object_value("chat-1", {})["template"] == "chat-1"
    uri = bulk["eventStreams"][0]["endpoint"]["requestUri"]
    with httpx.stream("GET", server.url + uri, timeout=60) as events:
        assert events.status_code == 200
    assert httpx.get(server.url + uri[:-3] + "AAA", timeout=60).status_code == 401
    assert httpx.get(server.url + uri.replace("team-a", "default"), timeout=60).status_code == 401
