"""Evaluate on change: a version is registered, a runner tests it, the gate sees the evidence. Everything is real but the
model, which tests/openai_server.py stands for."""

import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest
from openai_server import OpenAIServer

from regesta_server import ROOT, Server, binary, eventually

TESTS = [
    {"description": "greets by name", "vars": {"name": "Eva"},
     "assert": [{"type": "contains", "value": "{{name}}"}, {"type": "not-icontains", "value": "sorry"}]},
    {"description": "greets Ada", "vars": {"name": "Ada"}, "assert": [{"type": "regex", "value": "^Hello, [A-Z]"}]},
]
GATE = (ROOT / "examples/prompt-tests/gate.rego").read_text()


class Api:
    def __init__(self, url, token=None):
        self.url, self.token = url, token

    def call(self, method, path, body=None, status=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url + "/api/v1" + path, method=method, headers=headers,
                                         data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                code, text = answer.status, answer.read()
        except urllib.error.HTTPError as fault:
            code, text = fault.code, fault.read()
        assert status is None or code == status, (method, path, code, text)
        return json.loads(text) if text else {}

    def prompt(self, name="greeting", template="Greet {{name}}.", **more):
        return self.call("POST", f"/prompts/{name}/versions",
                         {"template": template, "model_config": {"model": "test-model", "temperature": 0}, **more})

    def tests(self, tests=TESTS, name="greeting"):
        return self.call("PUT", f"/prompts/{name}/tests", {"tests": tests}, 200)

    def guard(self):
        self.call("POST", "/policies/tested", {"modules": [{"name": "gate.rego", "text": GATE}]}, 201)
        self.call("POST", "/policies/bindings", {"policy": "tested", "kind": "prompt", "name_pattern": "*",
                                                 "pointer": "production"}, 201)

    def jobs(self, **query):
        return self.call("GET", "/jobs?" + "&".join(f"{k}={v}" for k, v in query.items()), None, 200)["items"]

    def results(self, name="greeting"):
        items = self.call("GET", f"/evidence?kind=prompt&name={name}", None, 200)["items"]
        return [item for item in items if item["type"] == "prompt-test"]


def runner(url, model, *options, token="", **popen):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("REGESTA_", "OPENAI_"))}
    environment |= {"REGESTA_URL": url, "XDG_CONFIG_HOME": "/nonexistent"}
    if token:
        environment["REGESTA_TOKEN"] = token
    return subprocess.Popen([binary(), "runner", "--model-url", model.url, *options], env=environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **popen)


def once(url, model, *options, **more):
    process = runner(url, model, "--once", *options, **more)
    out, _ = process.communicate(timeout=120)
    return process.returncode, out


@pytest.fixture
def api(server):
    return Api(server.url)


@pytest.fixture
def model():
    with OpenAIServer() as server:
        server.says(lambda body: "Hello, " + body["messages"][-1]["content"].split()[1], when="Greet")
        yield server


def test_from_a_new_version_to_an_open_gate(server, api, model):
    api.guard()
    suite = api.tests()
    assert suite["cases"] == 2 and api.jobs() == []
    version = api.prompt()
    [job] = api.jobs(status="waiting")
    assert job["subject"] == "prompt/greeting@1" and job["type"] == "prompt-test"
    moved = api.call("PUT", "/assets/prompt/greeting/aliases/production", {"version": "1"}, 403)
    assert moved["error"]["detail"]["change_request"], moved

    code, out = once(server.url, model)
    assert code == 0 and "2 of 2 passed" in out, out
    assert api.jobs()[0]["status"] == "done"
    [evidence] = api.results()
    assert evidence["verified"] is False and evidence["version_digest"] == version["digest"]
    whole = api.call("GET", f"/evidence/{evidence['id']}")["body"]
    assert whole["suite"]["digest"] == suite["digest"] and whole["pass_rate"] == 1 and whole["model"] == "test-model"
    assert whole["cases"][0]["output"] == "Hello, Eva." and whole["cases"][0]["findings"][0]["pass"] is True
    resolved = api.call("GET", "/prompts/greeting/resolve?alias=production", None, 200)
    assert resolved["version"] == 1, "the pointer moved by itself when the evidence came"
    asked = model.chats()[0]
    assert asked["stream"] is True and asked["temperature"] == 0
    actions = [item["body"]["action"] for item in api.call("GET", "/changes?after=-1")["items"]]
    assert "tests.set" in actions and "evidence.added" in actions


def test_a_failing_case_keeps_the_gate_shut(server, api, model):
    api.guard()
    api.prompt()
    api.tests()
    model.says("Sorry, no.", when="Ada")
    code, out = once(server.url, model)
    assert code == 0 and "1 of 2 passed" in out, out
    api.call("PUT", "/assets/prompt/greeting/aliases/production", {"version": "1"})
    assert api.call("GET", "/prompts/greeting/resolve?alias=production")["error"]["code"] == "not_found"


def test_busy_models_are_asked_again_and_broken_streams_too(server, api, model):
    api.prompt()
    api.tests()
    model.fail(429, times=2, retry_after=0)
    model.fail(503, headers={"retry-after-ms": "10"})
    model.cut_streams = 1
    code, out = once(server.url, model)
    assert code == 0 and "2 of 2 passed" in out, out


def test_a_model_that_is_away_is_no_evidence(server, api, model):
    api.prompt()
    api.tests()
    model.fail(500, times=100, headers={"retry-after-ms": "1"})
    code, out = once(server.url, model)
    assert code == 0, out
    [job] = api.jobs()
    assert job["status"] == "waiting" and "500" in job["reason"] and api.results() == []


def test_a_model_that_refuses_is(server, api, model):
    api.prompt(model_config={"model": "no-such-model"})
    api.tests()
    once(server.url, model)
    [evidence] = api.results()
    assert evidence["summary"]["errors"] == 2 and evidence["summary"]["pass_rate"] == 0


def test_models_grade_and_compare(server, api, model):
    api.prompt()
    api.tests([{"vars": {"name": "Eva"}, "assert": [
        {"type": "llm-rubric", "value": "greets {{name}}", "metric": "kind"},
        {"type": "similar", "value": "Hello, Eva.", "threshold": 0.99},
        {"type": "not-is-json"},
        {"type": "latency", "threshold": 20000}]}])
    model.says('{"pass": true, "score": 0.9, "reason": "friendly"}', when="Rubric:\ngreets Eva")
    code, out = once(server.url, model, "--input-price", "1", "--output-price", "2")
    assert "1 of 1 passed" in out, out
    assert api.results()[0]["summary"]["metrics"] == {"kind": 0.9}


def test_commands_run_only_where_they_are_allowed(server, api, model, tmp_path):
    api.prompt()
    api.tests([{"vars": {"name": "Eva"}, "assert": [{"type": "exec", "value": "grep -q 'Hello, Eva'"}]}])
    assert api.jobs()[0]["needs"] == "commands"
    once(server.url, model)
    assert api.jobs()[0]["status"] == "waiting"
    code, out = once(server.url, model, "--allow-commands")
    assert "1 of 1 passed" in out, out


def test_a_killed_runners_job_is_leased_again(server, api, model):
    api.prompt()
    api.tests()
    model.hold = threading.Event()
    first = runner(server.url, model, "--lease-seconds", "3")
    eventually(lambda: model.chats())
    first.kill()
    first.wait()
    assert api.jobs()[0]["status"] == "leased"
    model.hold.set()
    second = runner(server.url, model, "--lease-seconds", "3")
    eventually(lambda: api.jobs()[0]["status"] == "done")
    job = api.jobs()[0]
    assert job["attempts"] == 2 and len(api.results()) == 1
    second.send_signal(signal.SIGTERM)
    assert second.wait(60) == 0


def test_a_long_job_keeps_its_lease_by_heartbeats(server, api, model):
    api.prompt()
    api.tests()
    model.delay = 9.0
    first = runner(server.url, model, "--lease-seconds", "6", "--once")
    eventually(lambda: model.chats())
    time.sleep(7)
    assert api.call("POST", "/jobs/lease", {}) == {}, "nobody else gets it meanwhile"
    assert first.wait(60) == 0
    assert api.jobs()[0]["attempts"] == 1 and len(api.results()) == 1


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_gives_the_job_back(server, api, model, stop):
    api.prompt()
    api.tests()
    model.hold = threading.Event()
    process = runner(server.url, model)
    eventually(lambda: model.chats())
    process.send_signal(stop)
    assert process.wait(60) == 0
    [job] = api.jobs()
    assert job["status"] == "waiting" and job["attempts"] == 0
    model.hold.set()
    assert "2 of 2" in once(server.url, model)[1]


def test_two_runners_share_the_work(server, api, model):
    for i in range(6):
        api.prompt(f"p{i}")
        api.tests(name=f"p{i}")
    model.delay = 0.05
    runners = [runner(server.url, model, "--once") for _ in range(2)]
    for each in runners:
        assert each.wait(60) == 0
    jobs = api.jobs()
    assert [j["status"] for j in jobs] == ["done"] * 6 and [j["attempts"] for j in jobs] == [1] * 6
    assert all(len(api.results(f"p{i}")) == 1 for i in range(6))


def test_waiting_runners_hear_of_work_soon(server, api, model):
    api.tests()
    process = runner(server.url, model)
    time.sleep(1)
    api.prompt()
    eventually(lambda: api.results())
    process.terminate()
    assert process.wait(60) == 0


def test_who_may_run(server, api, model):
    api.prompt()
    api.tests()
    api.call("POST", "/users", {"name": "root", "password": "correct horse", "grants": []})
    import base64
    root = {"Authorization": "Basic " + base64.b64encode(b"root:correct horse").decode()}

    def token(name, role, pattern="*"):
        request = urllib.request.Request(server.url + "/api/v1/tokens", method="POST",
                                         headers=root | {"Content-Type": "application/json"},
                                         data=json.dumps({"name": name, "grants": [{"role": role, "name_pattern": pattern}]}).encode())
        return json.loads(urllib.request.urlopen(request).read())["token"]

    reader, elsewhere, good = token("reader", "reader"), token("elsewhere", "runner", "other*"), token("good", "runner")
    code, out = once(server.url, model, token=reader)
    assert code == 3 and "runner" in out, out
    assert once(server.url, model, token=elsewhere)[0] == 0
    runner_api = Api(server.url, good)
    assert runner_api.call("POST", "/prompts/greeting/versions", {"template": "x"}, 403)
    assert runner_api.call("POST", "/evidence", {"asset": {"kind": "prompt", "name": "greeting", "version": 1},
                                                 "type": "prompt-test", "body": {"pass_rate": 1}}, 403)
    code, out = once(server.url, model, token=good)
    assert "2 of 2" in out, out
    [evidence] = Api(server.url, reader).results()
    assert evidence["by"] == "token:good"


def test_reports_are_checked(server, api):
    api.prompt()
    api.tests()
    leased = api.call("POST", "/jobs/lease", {}, 200)
    path, lease = f"/jobs/{leased['job']['id']}", leased["lease"]
    api.call("POST", path + "/complete", {"lease": "0" * 32, "result": {}}, 409)
    for result in ({}, {"model": "m", "duration_ms": 1, "cases": []},
                   {"model": "m", "duration_ms": 1, "cases": [{"pass": True, "score": 1}] * 2}):
        api.call("POST", path + "/complete", {"lease": lease, "result": result}, 400)
    api.call("POST", path + "/fail", {"lease": lease, "reason": "enough", "again": "never"}, 200)
    assert api.jobs(status="dead")[0]["reason"] == "enough"
    api.call("POST", path + "/heartbeat", {"lease": lease}, 409)


def test_a_deleted_versions_job_dies_with_it(server, api, model):
    api.prompt()
    api.tests()
    api.call("DELETE", "/assets/prompt/greeting/versions/1", None, 204)
    once(server.url, model)
    [job] = api.jobs()
    assert job["status"] == "dead" and "deleted" in job["reason"]


def test_a_server_that_goes_away_is_waited_for(tmp_path, model):
    server = Server(tmp_path / "data").start()
    process = runner(server.url, model)
    try:
        time.sleep(0.5)
        server.restart()
        api = Api(server.url)
        api.prompt()
        api.tests()
        eventually(lambda: api.results())
    finally:
        process.terminate()
        assert process.wait(60) == 0
        server.stop()
