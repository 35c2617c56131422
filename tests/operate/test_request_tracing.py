"""Spans of the server's own requests, as an OpenTelemetry receiver gets them."""
import base64
import http.server
import json
import threading
import urllib.error
import urllib.request

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

import regesta_server
from regesta_server import eventually

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector:
    """An OTLP receiver that answers what it is told to, and reads exports with OpenTelemetry's own messages."""

    def __init__(self):
        self.spans, self.headers, self.statuses = [], [], []
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = collector.statuses.pop(0) if collector.statuses else 200
                if status == 200:
                    collector.take(body, dict(self.headers))
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, body, headers):
        for resource in body["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    for key in ("traceId", "spanId", "parentSpanId"):  # OTLP has hexadecimal, protobuf's JSON base64
                        if key in span:
                            span[key] = base64.b64encode(bytes.fromhex(span[key])).decode()
        message = json_format.ParseDict(body, ExportTraceServiceRequest())  # refuses unknown members
        self.headers.append(headers)
        for resource in message.resource_spans:
            self.resource = {a.key: a.value.string_value for a in resource.resource.attributes}
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.stop()


def ask(server, path, **headers):
    request = urllib.request.Request(server.url + path, headers={"User-Agent": "probe/1", **headers})
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as refused:
        return refused.code


def attributes(span):
    return {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


def test_a_request_becomes_a_span_of_its_callers_trace(tmp_path, collector):
    log, headers = tmp_path / "access.log", tmp_path / "headers"
    headers.write_text("X-Api-Key: k1\nX-Scope: a:b\n")
    server = regesta_server.Server(
        tmp_path / "data", "--tracing-url", collector.url, "--tracing-headers-file", headers, "--access-log", log)
    with server:
        assert ask(server, "/api/v1/assets?search=secret", traceparent=f"00-{TRACE}-{SPAN}-01", tracestate="a=1") == 200
        assert ask(server, "/api/v1/assets/model/absent", traceparent=f"00-{TRACE}-{SPAN}-00") == 404  # not sampled
        eventually(lambda: collector.spans)
    (span,) = [span for span in collector.spans if span.trace_id.hex() == TRACE]
    assert (span.parent_span_id.hex(), span.trace_state, span.kind) == (SPAN, "a=1", span.SPAN_KIND_SERVER)
    assert span.name == "GET /api/v1/assets"
    assert 0 <= span.end_time_unix_nano - span.start_time_unix_nano < 60e9
    seen = attributes(span)
    assert seen["http.request.method"] == "GET" and seen["http.response.status_code"] == 200
    assert seen["http.route"] == seen["url.path"] == "/api/v1/assets" and seen["user_agent.original"] == "probe/1"
    assert "secret" not in str(span), "queries may hold secrets"
    assert collector.resource["service.name"] == "regesta" and collector.resource["service.instance.id"]
    assert collector.headers[0]["X-Api-Key"] == "k1" and collector.headers[0]["X-Scope"] == "a:b"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["trace_id"] for line in lines if line["path"].startswith("/api/v1/assets")] == [TRACE, TRACE]


def test_requests_without_a_parent_are_sampled(tmp_path, collector):
    with regesta_server.Server(
            tmp_path / "data", "--tracing-url", collector.url, "--tracing-sample-ratio", "0") as server:
        ask(server, "/api/v1/assets")
        ask(server, "/api/v1/assets", traceparent="00-" + "0" * 32 + f"-{SPAN}-01")  # malformed: no parent
        ask(server, "/api/nothing", traceparent=f"00-{TRACE}-{SPAN}-01")
        eventually(lambda: collector.spans)
    assert [(span.trace_id.hex(), span.name) for span in collector.spans] == [(TRACE, "GET")]


def test_spans_wait_while_the_receiver_is_busy_and_are_dropped_when_it_refuses(tmp_path, collector):
    with regesta_server.Server(tmp_path / "data", "--tracing-url", collector.url) as server:
        collector.statuses = [400]
        ask(server, "/api/v1/assets", traceparent=f"00-{'a' * 32}-{SPAN}-01")
        eventually(lambda: not collector.statuses)
        collector.statuses = [503]
        ask(server, "/api/v1/assets", traceparent=f"00-{'b' * 32}-{SPAN}-01")
        eventually(lambda: not collector.statuses)
    ids = {span.trace_id.hex() for span in collector.spans}  # the last ones are sent when the server stops
    assert "b" * 32 in ids and "a" * 32 not in ids


@pytest.mark.parametrize("option, value, problem", [
    ("--tracing-url", "localhost:4318", "tracing.url must begin with https:// or http://"),
    ("--tracing-sample-ratio", "2", "tracing.sample-ratio (flag --tracing-sample-ratio) must be a number from 0 to 1"),
    ("--tracing-headers-file", "/nonexistent", "tracing.headers-file names /nonexistent, which does not exist"),
])
def test_wrong_settings_are_refused(tmp_path, option, value, problem):
    options = {"--tracing-url": "http://127.0.0.1:1/v1/traces"} | {option: value}
    with pytest.raises(RuntimeError) as refused:
        regesta_server.Server(tmp_path / "data", *(part for pair in options.items() for part in pair)).start()
    assert problem in str(refused.value)
