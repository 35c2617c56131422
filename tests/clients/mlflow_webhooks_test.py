"""The unmodified mlflow client's webhooks, received by a server of this test."""

import base64
import hashlib
import hmac
import http.server
import json
import threading

import pytest
import requests
from mlflow.entities.webhook import WebhookEvent, WebhookStatus
from mlflow.exceptions import MlflowException

from regesta_server import eventually

MODEL_CREATED = WebhookEvent("registered_model", "created")


class Receiver(http.server.ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.received = []
        self.failures = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def wait(self, count):
        eventually(lambda: len(self.received) >= count)
        return [json.loads(body) for _, _, body in self.received]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, self.headers, body))
        status = int(self.path.strip("/") or 200)
        if self.server.failures > 0:
            self.server.failures -= 1
            status = 503
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"hi")

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.shutdown()


@pytest.fixture
def webhooks(client):
    yield client
    for webhook in client.list_webhooks(max_results=1000):
        client.delete_webhook(webhook.webhook_id)


def test_a_webhook_is_stored_changed_and_deleted(webhooks):
    made = webhooks.create_webhook("first", "https://hooks.example/hook", [MODEL_CREATED], description="d", secret="s")
    assert (made.name, made.status, made.secret, made.description) == ("first", WebhookStatus.ACTIVE, None, "d")
    assert webhooks.get_webhook(made.webhook_id).events == [MODEL_CREATED]
    events = [WebhookEvent("prompt_alias", "deleted"), WebhookEvent("model_version_tag", "set")]
    changed = webhooks.update_webhook(made.webhook_id, name="second", events=events,
                                      status=WebhookStatus.DISABLED)
    assert (changed.name, changed.events, changed.status, changed.description) == (
        "second", events, WebhookStatus.DISABLED, "d")
    assert changed.last_updated_timestamp > made.last_updated_timestamp
    for number in range(3):
        webhooks.create_webhook(f"w{number}", "https://hooks.example/hook", [MODEL_CREATED])
    page = webhooks.list_webhooks(max_results=2)
    assert [w.name for w in page] == ["w2", "w1"]
    assert [w.name for w in webhooks.list_webhooks(max_results=2, page_token=page.token)] == ["w0", "second"]
    webhooks.delete_webhook(made.webhook_id)
    for gone in (made.webhook_id, "nonexistent"):
        with pytest.raises(MlflowException, match=f"Webhook with ID {gone} not found") as failure:
            webhooks.get_webhook(gone)
        assert failure.value.error_code == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize(("name", "url", "message"), [
    ("a b", "https://hooks.example/", "Webhook name 'a b' is invalid"),
    ("x" * 64, "https://hooks.example/", "is invalid"),
    ("ok", "  ", "Webhook URL cannot be empty or just whitespace"),
    ("ok", "ftp://203.0.113.7/", "Invalid webhook URL scheme: 'ftp'"),
    ("ok", "https://[203", "Invalid webhook URL"),
    ("ok", "https://", "must include a hostname"),
    ("ok", "http://169.254.169.254/latest", "non-public IP address"),
])
def test_invalid_webhooks_are_refused(webhooks, name, url, message):
    with pytest.raises(MlflowException, match=message) as failure:
        webhooks.create_webhook(name, url, [MODEL_CREATED])
    assert failure.value.error_code == "INVALID_PARAMETER_VALUE"


def test_an_event_needs_a_valid_action(tracking):
    body = {"name": "a", "url": "https://hooks.example/", "events": [{"entity": "PROMPT", "action": "DELETED"}]}
    refused = requests.post(f"{tracking}/api/2.0/mlflow/webhooks", json=body)
    assert (refused.status_code, refused.json()["message"]) == (
        400, "Invalid action 'deleted' for entity 'prompt'. Valid actions are: ['created']")


def test_events_of_models_arrive_signed(webhooks, receiver, name):
    names = ["registered_model.created", "model_version.created", "model_version_tag.set", "model_version_tag.deleted",
             "model_version_alias.created", "model_version_alias.deleted"]
    webhooks.create_webhook("w", receiver.url, [WebhookEvent.from_str(e) for e in names], secret="known")
    webhooks.create_registered_model(name, {"a": "b"}, "risk")
    version = webhooks.create_model_version(name, "s3://bucket/m", run_id="1234567890abcdef", tags={"t": "v"}).version
    webhooks.set_model_version_tag(name, version, "k", "new")
    receiver.wait(3)  # values are read when an event is sent
    webhooks.delete_model_version_tag(name, version, "k")
    webhooks.set_registered_model_alias(name, "champion", version)
    webhooks.delete_registered_model_alias(name, "champion")
    bodies = receiver.wait(6)
    assert [f"{body['entity']}.{body['action']}" for body in bodies] == names
    assert [body["data"] for body in bodies[2:]] == [
        {"name": name, "version": "1", "key": "k", "value": "new"}, {"name": name, "version": "1", "key": "k"},
        {"name": name, "version": "1", "alias": "champion"}, {"name": name, "alias": "champion"}]
    assert bodies[0]["data"] == {"name": name, "tags": {"a": "b"}, "description": "risk"}
    assert bodies[1]["data"].items() >= {"source": "s3://bucket/m", "run_id": "1234567890abcdef",
                                         "description": None}.items()
    _, headers, body = receiver.received[0]
    signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.{body.decode()}"
    digest = hmac.new(b"known", signed.encode(), hashlib.sha256).digest()
    assert headers["X-MLflow-Signature"] == "v1," + base64.b64encode(digest).decode()


def test_events_of_prompts(webhooks, receiver, name):
    names = ["prompt.created", "prompt_version.created", "prompt_tag.set", "prompt_alias.created"]
    webhooks.create_webhook("w", receiver.url, [WebhookEvent.from_str(e) for e in names])
    webhooks.create_registered_model(name + "-model")  # not a prompt
    webhooks.create_prompt(name, description="greets")
    webhooks.create_prompt_version(name, "Hello {{name}}!", tags={"a": "b"})
    webhooks.set_prompt_tag(name, "team", "x")
    webhooks.set_prompt_alias(name, "live", 1)
    bodies = receiver.wait(4)
    assert [f"{body['entity']}.{body['action']}" for body in bodies] == names
    assert bodies[1]["data"] == {"name": name, "version": "1", "template": "Hello {{name}}!", "tags": {"a": "b"},
                                 "description": None}
    assert "X-MLflow-Signature" not in receiver.received[0][1]


def test_a_refusal_is_not_repeated_and_an_outage_is(webhooks, receiver, name):
    webhooks.create_webhook("refuses", receiver.url + "/401", [MODEL_CREATED])
    webhooks.create_webhook("fails", receiver.url + "/200", [MODEL_CREATED])
    webhooks.create_registered_model(name)
    receiver.wait(2)
    receiver.failures = 1
    webhooks.create_registered_model(name + "-2")
    receiver.wait(5)
    paths = [(path, json.loads(body)["data"]["name"]) for path, _, body in receiver.received]
    assert paths.count(("/401", name)) == 1
    assert paths.count(("/200", name + "-2")) + paths.count(("/401", name + "-2")) == 3


def test_a_test_reports_what_the_receiver_answered(webhooks, receiver):
    made = webhooks.create_webhook("w", receiver.url, [MODEL_CREATED], status=WebhookStatus.DISABLED)
    result = webhooks.test_webhook(made.webhook_id)
    assert (result.success, result.response_status, result.response_body, result.error_message) == (
        True, 200, "hi", None)
    webhooks.test_webhook(made.webhook_id, WebhookEvent("prompt", "created"))
    assert [body["data"]["name"] for body in receiver.wait(2)] == ["example_model", "example_prompt"]
    webhooks.update_webhook(made.webhook_id, url=receiver.url + "/401")
    refused = webhooks.test_webhook(made.webhook_id)
    assert (refused.success, refused.response_status) == (False, 401)
    webhooks.update_webhook(made.webhook_id, url="http://127.0.0.1:1/")
    assert "Failed to test webhook" in webhooks.test_webhook(made.webhook_id).error_message


def test_the_native_api_shows_the_events(webhooks, tracking):
    made = webhooks.create_webhook("w", "https://hooks.example/hook", [MODEL_CREATED], secret="s")
    path = f"{tracking}/api/v1/webhooks/{made.webhook_id}"
    shown = requests.get(path).json()
    assert (shown["name"], shown["events"], shown["actions"]) == (
        "w", ["registered_model.created"], ["asset.created"])
    assert "secret" not in shown
    assert requests.patch(path, json={"actions": ["alias.*"]}).status_code == 400
