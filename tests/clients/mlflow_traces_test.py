"""Traces, assessments and prompt links through the unmodified client, and spans from a plain OpenTelemetry SDK."""

import contextlib
import gzip
import json
import secrets
import sqlite3
import time

import mlflow
import pytest
import requests
from mlflow.entities import AssessmentSource, Feedback, SpanType
from mlflow.exceptions import MlflowException


@pytest.fixture
def experiment(tracking, name):
    return mlflow.set_experiment(name).experiment_id


@pytest.fixture
def prompt(tracking, name):
    prompt_name = f"p-{name}"
    mlflow.genai.register_prompt(prompt_name, "Hello {{who}}")
    mlflow.genai.register_prompt(prompt_name, "Good day, {{who}}!")
    return prompt_name


def flush():
    mlflow.flush_trace_async_logging()


@mlflow.trace(span_type=SpanType.CHAT_MODEL, attributes={"model": "m-1"})
def model(question):
    mlflow.get_current_active_span().set_attribute(
        "mlflow.chat.tokenUsage", {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10})
    return question.upper()


@mlflow.trace
def ask(question):
    mlflow.update_current_trace(tags={"team": "risk"}, client_request_id="req-7")
    return model(question)


def traced(question="why?"):
    ask(question)
    flush()
    return mlflow.get_last_active_trace_id()


@pytest.fixture
def reports(shared_server):
    """What was reported on a version, as its rows say: metric to list of values."""
    def of(prompt, version):
        found = {}
        with contextlib.closing(sqlite3.connect(f"file:{shared_server.data}/regesta.db?mode=ro", uri=True)) as database:
            for metric, value in database.execute(
                    "SELECT metric, value FROM report JOIN asset ON asset.id = report.asset WHERE name = ? AND number = ? "
                    "ORDER BY report.id", (prompt, version)):
                found.setdefault(metric, []).append(value)
        return found
    return of


def test_a_decorated_function_becomes_a_trace(experiment):
    trace = mlflow.get_trace(traced())
    assert trace.info.experiment_id == experiment and trace.info.state == "OK"
    assert trace.info.client_request_id == "req-7" and trace.info.tags["team"] == "risk"
    assert trace.info.request_preview == '{"question": "why?"}' and trace.info.response_preview == '"WHY?"'
    assert trace.info.token_usage == {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
    root, inner = trace.data.spans
    assert (root.name, root.inputs, root.outputs) == ("ask", {"question": "why?"}, "WHY?")
    assert (inner.name, inner.span_type, inner.parent_id) == ("model", "CHAT_MODEL", root.span_id)
    assert inner.get_attribute("model") == "m-1"
    assert root.start_time_ns <= inner.start_time_ns <= inner.end_time_ns <= root.end_time_ns
    assert trace.info.tags["mlflow.trace.spansLocation"] == "TRACKING_STORE"


def test_an_exception_is_told(experiment):
    @mlflow.trace
    def breaks():
        raise ValueError("no luck")

    with pytest.raises(ValueError):
        breaks()
    flush()
    trace = mlflow.get_trace(mlflow.get_last_active_trace_id())
    assert trace.info.state == "ERROR"
    assert trace.data.spans[0].status.status_code == "ERROR"
    assert trace.data.spans[0].events[0].attributes["exception.message"] == "no luck"


def test_search_finds_and_pages(experiment, client):
    ids = [traced(f"q{i}") for i in range(5)]
    with mlflow.start_run() as run:
        linked = traced("in a run")
    client.set_trace_tag(ids[0], "kind", "special")

    def ids_of(traces):
        return [t.info.trace_id for t in traces]

    assert ids_of(client.search_traces(locations=[experiment])) == [linked, *reversed(ids)]
    assert ids_of(client.search_traces(locations=[experiment], filter_string="tag.kind = 'special'")) == [ids[0]]
    assert ids_of(client.search_traces(locations=[experiment], run_id=run.info.run_id)) == [linked]
    assert ids_of(client.search_traces(locations=[experiment], filter_string="span.attributes.model = 'm-1'",
                                       order_by=["timestamp_ms ASC"], max_results=1)) == [ids[0]]
    started = client.get_trace(linked).info.timestamp_ms
    # MLflow's UI puts times in quotes.
    for time_filter in (f"timestamp_ms >= '{started}'", f"attributes.timestamp >= ' {started} '", f"trace.timestamp_ms >= {started}"):
        assert linked in ids_of(client.search_traces(locations=[experiment], filter_string=time_filter)), time_filter
    assert ids_of(client.search_traces(locations=[experiment], filter_string="timestamp_ms < '1'")) == []
    with pytest.raises(MlflowException, match="numeric"):
        client.search_traces(locations=[experiment], filter_string="timestamp_ms < 'soon'")
    first = client.search_traces(locations=[experiment], max_results=4)
    second = client.search_traces(locations=[experiment], max_results=4, page_token=first.token)
    assert ids_of(first) + ids_of(second) == [linked, *reversed(ids)] and second.token is None
    table = mlflow.search_traces(locations=[experiment], filter_string="name = 'ask'")
    assert len(table) == 6 and set(table["state"]) == {"OK"} and table["spans"][0][1]["name"] == "model"
    with pytest.raises(MlflowException, match="Invalid entity type 'nonsense'"):
        client.search_traces(locations=[experiment], filter_string="nonsense.x = 'y'")


def test_tags_and_deletion(experiment, client):
    first, second, third = traced("a"), traced("b"), traced("c")
    client.set_trace_tag(first, "k", "v")
    assert client.get_trace(first).info.tags["k"] == "v"
    client.delete_trace_tag(first, "k")
    assert "k" not in client.get_trace(first).info.tags
    assert client.delete_traces(experiment, trace_ids=[first, "tr-none"]) == 1
    assert client.delete_traces(experiment, max_timestamp_millis=int(time.time() * 1000), max_traces=1) == 1
    assert [t.info.trace_id for t in client.search_traces(locations=[experiment])] == [third]
    assert mlflow.get_trace(second, silent=True) is None


def test_assessments(experiment):
    trace_id = traced()
    human = AssessmentSource(source_type="HUMAN", source_id="anna")
    good = mlflow.log_feedback(trace_id=trace_id, name="good", value=True, source=human, rationale="clear",
                               metadata={"page": "3"})
    mlflow.log_expectation(trace_id=trace_id, name="wanted", value={"answer": ["WHY?"]}, source=human)
    read = mlflow.get_assessment(trace_id, good.assessment_id)
    assert (read.name, read.value, read.rationale, read.source.source_id) == ("good", True, "clear", "anna")
    assert read.metadata == {"page": "3"} and read.trace_id == trace_id and read.valid

    mlflow.update_assessment(trace_id, good.assessment_id, Feedback(name="good", value=0.5, source=human))
    assert mlflow.get_assessment(trace_id, good.assessment_id).value == 0.5
    better = mlflow.override_feedback(trace_id=trace_id, assessment_id=good.assessment_id, value=0.9, source=human)
    by_id = {a.assessment_id: a for a in mlflow.get_trace(trace_id).info.assessments}
    assert not by_id[good.assessment_id].valid and by_id[better.assessment_id].valid
    assert [a.value for a in by_id.values() if a.name == "wanted"] == [{"answer": ["WHY?"]}]

    found = mlflow.search_traces(locations=[experiment], filter_string="feedback.good > 0.8", return_type="list")
    assert [t.info.trace_id for t in found] == [trace_id]
    mlflow.delete_assessment(trace_id, better.assessment_id)
    assert mlflow.get_assessment(trace_id, good.assessment_id).valid
    with pytest.raises(MlflowException, match="not found"):
        mlflow.get_assessment(trace_id, better.assessment_id)


def test_an_assessment_of_no_trace(experiment):
    for call in (lambda: mlflow.get_assessment("tr-none", "a-1"),
                 lambda: mlflow.update_assessment("tr-none", "a-1", Feedback(name="f", value=1))):
        with pytest.raises(MlflowException, match="Trace with request_id 'tr-none' not found"):
            call()


def test_a_feedback_may_carry_an_error(experiment):
    trace_id = traced()
    made = mlflow.log_feedback(trace_id=trace_id, name="judge", error=RuntimeError("out of tokens"))
    read = mlflow.get_assessment(trace_id, made.assessment_id)
    assert read.value is None and read.error.error_message == "out of tokens"


def test_a_loaded_prompt_gets_what_the_trace_measured(experiment, prompt, reports):
    @mlflow.trace
    def greet(who):
        text = mlflow.genai.load_prompt(f"prompts:/{prompt}/2").format(who=who)
        time.sleep(0.05)
        return model(text)

    greet("Anna")
    flush()
    trace_id = mlflow.get_last_active_trace_id()
    mlflow.log_feedback(trace_id=trace_id, name="helpful", value=True)
    mlflow.log_feedback(trace_id=trace_id, name="comment", value="fine by me")
    found = reports(prompt, 2)
    assert found["error"] == [0] and found["helpful"] == [1] and found["total_tokens"] == [10]
    assert len(found["latency_ms"]) == 1 and found["latency_ms"][0] >= 50
    assert "comment" not in found
    assert reports(prompt, 1) == {}
    linked = mlflow.search_traces(locations=[experiment], filter_string=f"prompt = '{prompt}/2'", return_type="list")
    assert [t.info.trace_id for t in linked] in ([], [trace_id])


def test_a_prompt_linked_afterwards_gets_it_too(experiment, prompt, client, reports):
    trace_id = traced()
    mlflow.log_feedback(trace_id=trace_id, name="helpful", value=0.25)
    assert reports(prompt, 1) == {}
    client.link_prompt_versions_to_trace([mlflow.genai.load_prompt(f"prompts:/{prompt}/1")], trace_id)
    found = reports(prompt, 1)
    assert found["helpful"] == [0.25] and found["error"] == [0] and found["output_tokens"] == [3]
    linked = mlflow.search_traces(locations=[experiment], filter_string=f"prompt = '{prompt}/1'", return_type="list")
    assert [t.info.trace_id for t in linked] == [trace_id]


def test_traces_are_linked_to_runs(experiment, client):
    ids = [traced("a"), traced("b")]
    run = client.create_run(experiment)
    client.link_traces_to_run(ids, run.info.run_id)
    client.link_traces_to_run(ids, run.info.run_id)
    found = client.search_traces(locations=[experiment], run_id=run.info.run_id)
    assert sorted(t.info.trace_id for t in found) == sorted(ids)


def test_a_trace_logged_by_hand(experiment, client):
    root = client.start_trace("manual", inputs={"x": 1})
    inner = client.start_span("step", trace_id=root.trace_id, parent_id=root.span_id)
    client.end_span(root.trace_id, inner.span_id, outputs=2)
    client.end_trace(root.trace_id, outputs=3)
    flush()
    trace = client.get_trace(root.trace_id)
    assert [s.name for s in trace.data.spans] == ["manual", "step"] and trace.data.spans[1].outputs == 2


def otlp(url, experiment, body, **headers):
    return requests.post(f"{url}/v1/traces", data=body, headers={"x-mlflow-experiment-id": experiment, **headers})


def exported(prompt=None):
    """A span as OpenTelemetry's own SDK and protobuf classes make it."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    memory = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    with provider.get_tracer("test").start_as_current_span("generate") as span:
        span.set_attribute("gen_ai.operation.name", "chat")
        span.set_attribute("gen_ai.usage.input_tokens", 12)
        span.set_attribute("gen_ai.usage.output_tokens", 4)
        if prompt:
            span.set_attribute("regesta.prompt.name", prompt)
            span.set_attribute("regesta.prompt.version", "2")
    sdk = memory.get_finished_spans()[0]
    request = ExportTraceServiceRequest()
    proto = request.resource_spans.add().scope_spans.add().spans.add()
    proto.trace_id = sdk.context.trace_id.to_bytes(16, "big")
    proto.span_id = sdk.context.span_id.to_bytes(8, "big")
    proto.name, proto.start_time_unix_nano, proto.end_time_unix_nano = sdk.name, sdk.start_time, sdk.end_time
    for key, value in sdk.attributes.items():
        attribute = proto.attributes.add(key=key)
        if isinstance(value, int):
            attribute.value.int_value = value
        else:
            attribute.value.string_value = value
    return request, sdk.context.trace_id.to_bytes(16, "big").hex()


def test_plain_opentelemetry(tracking, experiment, prompt, reports):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    request, trace = exported(prompt)
    packed = gzip.compress(request.SerializeToString())
    for _ in range(2):
        answer = otlp(tracking, experiment, packed, **{"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"})
        assert answer.status_code == 200, answer.text
        ExportTraceServiceResponse.FromString(answer.content)
    found = mlflow.get_trace(f"tr-{trace}")
    assert found.info.state == "OK" and found.info.token_usage["total_tokens"] == 16
    assert found.data.spans[0].name == "generate" and found.data.spans[0].get_attribute("gen_ai.operation.name") == "chat"
    assert found.data.spans[0].get_attribute("mlflow.traceRequestId") == f"tr-{trace}"
    of_version = reports(prompt, 2)
    assert of_version["total_tokens"] == [16] and of_version["error"] == [0] and len(of_version["latency_ms"]) == 1


def test_opentelemetry_as_json(tracking, experiment):
    trace = "5b8aa5a2d2c872e8321cf37308d69df2"
    span = {"traceId": trace, "spanId": "051581bf3cb55c13", "name": "I'm a span", "startTimeUnixNano": "1544712660000000000",
            "endTimeUnixNano": "1544712661000000000", "attributes": [{"key": "k", "value": {"doubleValue": 0.5}}]}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    answer = otlp(tracking, experiment, json.dumps(body), **{"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (200, {})
    read = mlflow.get_trace(f"tr-{trace}")
    assert read.info.execution_duration == 1000 and read.data.spans[0].get_attribute("k") == 0.5
    span["spanId"] = "12"
    mixed = {"resourceSpans": [{"scopeSpans": [{"spans": [span, {**span, "spanId": "051581bf3cb55c14"}]}]}]}
    answer = otlp(tracking, experiment, json.dumps(mixed), **{"Content-Type": "application/json"})
    assert answer.json()["partialSuccess"]["rejectedSpans"] == "1"


@pytest.mark.parametrize(("said", "span_type"), [
    ({"openinference.span.kind": "TOOL", "input.value": "why?", "output.value": "so",
      "llm.token_count.prompt": 7, "llm.token_count.completion": 3, "llm.model_name": "m-1"}, "TOOL"),
    ({"gen_ai.operation.name": "chat", "gen_ai.input.messages": "why?", "gen_ai.output.messages": "so",
      "gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 3, "gen_ai.response.model": "m-1"}, "CHAT_MODEL"),
    ({"traceloop.span.kind": "workflow", "gen_ai.prompt.0.content": "why?", "gen_ai.completion.0.content": "so",
      "gen_ai.usage.prompt_tokens": 7, "gen_ai.usage.completion_tokens": 3, "gen_ai.request.model": "m-1"}, "WORKFLOW"),
])
def test_other_conventions_are_read_as_mlflow_s_own(tracking, experiment, said, span_type):
    trace = secrets.token_hex(16)
    attributes = [{"key": key, "value": {"intValue": value} if isinstance(value, int) else {"stringValue": value}}
                  for key, value in said.items()]
    span = {"traceId": trace, "spanId": "051581bf3cb55c13", "name": "call", "startTimeUnixNano": "1544712660000000000",
            "endTimeUnixNano": "1544712661000000000", "attributes": attributes}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    answer = otlp(tracking, experiment, json.dumps(body), **{"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    read = mlflow.get_trace(f"tr-{trace}")
    only = read.data.spans[0]
    assert (only.span_type, only.inputs, only.outputs, only.model_name) == (span_type, "why?", "so", "m-1")
    assert only.attributes["mlflow.chat.tokenUsage"] == {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
    assert (read.info.request_preview, read.info.response_preview) == ('"why?"', '"so"')


def test_what_a_span_says_itself_is_not_replaced(tracking, experiment):
    trace = secrets.token_hex(16)
    said = {"mlflow.spanType": '"LLM"', "mlflow.spanInputs": '"own"', "openinference.span.kind": "TOOL", "input.value": "other",
            "output.value": "{}"}
    span = {"traceId": trace, "spanId": "051581bf3cb55c13", "name": "call", "startTimeUnixNano": "1544712660000000000",
            "endTimeUnixNano": "1544712661000000000",
            "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in said.items()]}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    assert otlp(tracking, experiment, json.dumps(body), **{"Content-Type": "application/json"}).status_code == 200
    only = mlflow.get_trace(f"tr-{trace}").data.spans[0]
    assert (only.span_type, only.inputs, only.outputs) == ("LLM", "own", None)


def test_the_name_of_a_known_sender_is_at_its_root_span(tracking, experiment):
    times = {"startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": "1544712661000000000"}
    for number, (service, shown) in enumerate([("gemini-cli", "gemini-cli"), ("my-app", None)], 1):
        trace = f"{number:032x}"
        root = {"traceId": trace, "spanId": "00000000000000a1", "name": "root", **times}
        child = {"traceId": trace, "spanId": "00000000000000a2", "parentSpanId": "00000000000000a1", "name": "child", **times}
        resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
        body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [root, child]}]}]}
        assert otlp(tracking, experiment, json.dumps(body), **{"Content-Type": "application/json"}).status_code == 200
        spans = {span.name: span for span in mlflow.get_trace(f"tr-{trace}").data.spans}
        assert spans["root"].get_attribute("service.name") == shown
        assert spans["child"].get_attribute("service.name") is None


def test_ids_of_zeros_are_ids(tracking, experiment):
    """Generators that begin with 0 exist; OpenTelemetry calls the id invalid, MLflow keeps the spans."""
    span = {"traceId": "0" * 32, "spanId": "0" * 16, "name": "first", "startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": "1544712661000000000"}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    answer = otlp(tracking, experiment, json.dumps(body), **{"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (200, {})
    assert [one.name for one in mlflow.get_trace("tr-" + "0" * 32).data.spans] == ["first"]


def test_faults_of_an_export_are_named_before_those_of_its_experiment(tracking):
    assert "Invalid Content-Type" in otlp(tracking, "nowhere", b"x", **{"Content-Type": "text/plain"}).text
    assert "no spans found" in otlp(tracking, "nowhere", b"", **{"Content-Type": "application/x-protobuf"}).text


def test_broken_exports_are_refused(tracking, experiment):
    protobuf = {"Content-Type": "application/x-protobuf"}
    assert otlp(tracking, experiment, b"garbage", **protobuf).status_code == 400
    assert otlp(tracking, experiment, b"", **{"Content-Type": "text/plain"}).status_code == 400
    assert requests.post(f"{tracking}/v1/traces", data=b"x", headers=protobuf).status_code == 422
    request, _ = exported()
    assert otlp(tracking, "999999", request.SerializeToString(), **protobuf).status_code == 404
    bomb = gzip.compress(b"\0" * 40_000_000)
    assert otlp(tracking, experiment, bomb, **protobuf, **{"Content-Encoding": "gzip"}).status_code == 413
