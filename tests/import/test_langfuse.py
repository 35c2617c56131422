"""A Langfuse project moved here: prompts, traces and scores, filled and read back with the unmodified SDK from both sides.

The source is this program, whose Langfuse API the SDK's own models read; a Langfuse server cannot be installed here. The
shapes that only Langfuse's server sends (ids of other kinds, traces without observations) come from a stand-in."""

import http.server
import json
import threading

import pytest
import requests
from langfuse import Langfuse

from regesta_server import Server, eventually


def client(server, key):
    return Langfuse(public_key=key, secret_key="sk-any", base_url=server.url, timeout=60, flush_at=1, environment="test")


def fill(lf):
    for number in (1, 2):
        lf.create_prompt(name="part", prompt=f"Be kind, rule {number}.", labels=["production"] if number == 1 else [])
    lf.create_prompt(name="answer", prompt="@@@langfusePrompt:name=part|version=1@@@ Answer {{question}}.", labels=["staging"],
                     tags=["team-a"], config={"model": "m", "temperature": 0.5}, commit_message="first")
    lf.create_prompt(name="chat/x", type="chat", prompt=[{"role": "system", "content": "Hi {{name}}"}, {"type": "placeholder", "name": "history"}])
    prompt = lf.get_prompt("answer", label="staging")
    with lf.start_as_current_observation(name="request", input={"q": 1}, output="done") as root:
        with lf.start_as_current_observation(as_type="generation", name="llm", model="gpt", prompt=prompt, usage_details={"input": 3, "output": 4},
                                             input="ask", output="answer", metadata={"k": "v"}):
            pass
        trace = root.trace_id
    lf.flush()
    lf.create_score(name="good", value=1, trace_id=trace, data_type="BOOLEAN", score_id="s-good")
    lf.create_score(name="tone", value="warm", trace_id=trace, data_type="CATEGORICAL", comment="nice", score_id="s-tone")
    lf.create_score(name="rate", value=0.25, session_id="visit", score_id="s-rate")
    lf.flush()


def observed(server):
    items = requests.get(f"{server.url}/api/public/v2/observations",
                         {"fields": "basic,io,metadata,model,usage,prompt,trace_context", "limit": 100}, timeout=60).json()["data"]
    for one in items:
        one.pop("traceName")  # a Langfuse trace has a name of its own, here it is that of its first span
    return sorted(items, key=lambda one: one["id"])


def seen(server):
    get = lambda path, **query: requests.get(server.url + path, query, timeout=60).json()
    prompts = {}
    for prompt in get("/api/public/v2/prompts", limit=100)["data"]:
        for number in prompt["versions"]:
            wire = get(f"/api/public/v2/prompts/{requests.utils.quote(prompt['name'], safe='')}", version=number, resolve="false")
            prompts[wire["name"], number] = {key: wire[key] for key in ("type", "prompt", "config", "labels", "tags", "commitMessage", "createdAt")}
    scores = {one["id"]: (one["name"], one["value"], one.get("stringValue"), one["comment"], one["traceId"], one["timestamp"])
              for one in get("/api/public/v2/scores", limit=100)["data"]}
    return prompts, scores


@pytest.fixture
def source(tmp_path):
    server = Server(tmp_path / "source").start()
    yield server
    server.stop()


def langfuse(importing, url, code=0):
    importing.environment |= {"LANGFUSE_PUBLIC_KEY": "pk-import", "LANGFUSE_SECRET_KEY": "sk-import"}
    return importing.run("--from", url, code=code, what="langfuse")


def test_everything_reads_the_same(server, importing, source):
    there = client(source, "pk-there")
    fill(there)
    eventually(lambda: len(observed(source)) == 2 and len(seen(source)[1]) == 3)
    report = langfuse(importing, source.url)
    assert report["ok"] and not report["refused"] and not report["differences"], report
    kinds = report["kinds"]
    assert (kinds["model"]["created"], kinds["version"]["created"], kinds["pointer"]["created"]) == (3, 4, 2), kinds
    assert (kinds["trace"]["verified"], kinds["score"]["verified"]) == (1, 3), kinds
    assert seen(server) == seen(source)
    assert observed(server) == observed(source)
    here = client(server, "pk-here")
    assert here.get_prompt("answer", label="staging").compile(question="why") == "Be kind, rule 1. Answer why."
    again = langfuse(importing, source.url)["kinds"]
    assert all(again[kind]["unchanged"] == again[kind]["source"] for kind in ("model", "version", "pointer", "trace")), again
    there.create_prompt(name="part", prompt="Be brief.", labels=["production"])
    third = langfuse(importing, source.url)["kinds"]
    assert (third["version"]["created"], third["pointer"]["updated"]) == (1, 1), third
    there.shutdown()
    here.shutdown()


def stand_in(answers):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.split("?")[0]
            page = "page=" in self.path and "page=1" not in self.path
            body = json.dumps({"data": [], "meta": {"totalPages": 1}} if page else answers.get(path, {"data": [], "meta": {"totalPages": 0}})).encode()
            self.send_response(200 if self.headers["Authorization"] == "Basic cGstaW1wb3J0OnNrLWltcG9ydA==" else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    return made


def test_older_ids_and_traces_without_observations(server, importing):
    trace = {"id": "my own id", "timestamp": "2025-03-01T10:00:00.000Z", "name": "old", "input": {"a": 1}, "output": None, "tags": ["x"],
             "userId": "u1", "sessionId": "visit", "metadata": {"m": 1}, "observations": [], "scores": ["s"]}
    uuid = "0190aa3c-7d5e-7bb2-a3a9-9d5b1b4b6a77"
    other = trace | {"id": uuid, "observations": [
        {"id": "a-b", "traceId": uuid, "type": "GENERATION", "name": "llm", "startTime": "2025-03-01T10:00:01.000Z", "endTime": "2025-03-01T10:00:02.500Z",
         "model": "gpt", "input": "q", "output": "a", "level": "ERROR", "statusMessage": "late", "usageDetails": {"input": 1}, "parentObservationId": None}]}
    found = stand_in({"/api/public/projects": {"data": [{"id": "p1", "name": "p"}]},
                      "/api/public/traces": {"data": [trace, other], "meta": {"totalPages": 1}},
                      "/api/public/traces/my%20own%20id": trace, f"/api/public/traces/{uuid}": other,
                      "/api/public/v2/scores": {"data": [{"id": "s", "traceId": "my own id", "name": "n", "value": 0.5, "dataType": "NUMERIC",
                                                          "source": "API", "timestamp": "2025-03-01T11:00:00.000Z"}], "meta": {"totalPages": 1}}})
    report = langfuse(importing, f"http://127.0.0.1:{found.server_port}")
    assert report["ok"] and report["kinds"]["trace"]["verified"] == 2 and report["kinds"]["score"]["verified"] == 1, report
    items = {one["name"]: one for one in observed(server)}
    assert items["old"]["input"] == '{"a":1}' and items["old"]["userId"] == "u1" and items["old"]["tags"] == ["x"]
    assert (items["llm"]["level"], items["llm"]["traceId"], items["llm"]["model"]) == ("ERROR", uuid.replace("-", ""), "gpt")
    [score] = requests.get(f"{server.url}/api/public/v2/scores", timeout=60).json()["data"]
    assert score["traceId"] == items["old"]["traceId"] and score["timestamp"].startswith("2025-03-01T11")
    importing.environment["LANGFUSE_SECRET_KEY"] = "wrong"
    refused = importing.run("--from", f"http://127.0.0.1:{found.server_port}", code=1, what="langfuse")
    assert "answered 401" in refused["error"]["message"]
    found.shutdown()
