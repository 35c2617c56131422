#include "server/request_tracing.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits_edge.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "server/version.h"

namespace regesta::server {
namespace {

using std::chrono_literals::operator""s;

constexpr Repeater::Pause betweenExports = 2s, afterFailure = 10s;
constexpr int kindServer = 2, statusError = 2;  // SpanKind and StatusCode of OTLP's trace.proto
constexpr std::size_t longestTraceState = 512;  // W3C Trace Context asks for at least that
constexpr std::int64_t nanosInMicro = 1000;

Counter& exported() {
  static Counter& spans = counter("regesta_tracing_spans_total", "Spans of requests", "result=\"sent\"");
  return spans;
}
Counter& dropped() {
  static Counter& spans = counter("regesta_tracing_spans_total", "Spans of requests", "result=\"dropped\"");
  return spans;
}

void textAttribute(JsonWriter& writer, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  writer.object().key("key").text(key).key("value").object();
  writer.key("stringValue").text(http::asUtf8(value)).end().end();
}

/// OTLP's JSON writes 64-bit integers as strings.
void integerAttribute(JsonWriter& writer, std::string_view key, std::int64_t value) {
  writer.object().key("key").text(key).key("value").object();
  writer.key("intValue").text(std::to_string(value)).end().end();
}

void writeAttributes(JsonWriter& writer, const http::AccessEntry& entry, const http::Request& request) {
  writer.key("attributes").array();
  textAttribute(writer, "http.request.method", entry.method);
  textAttribute(writer, "http.route", entry.pattern);
  textAttribute(writer, "url.path", entry.path);
  textAttribute(writer, "url.scheme", request.secure ? "https" : "http");
  textAttribute(writer, "server.address", request.headers.get("host").value_or(""));
  textAttribute(writer, "client.address", entry.remote);
  textAttribute(writer, "user_agent.original", request.headers.get("user-agent").value_or(""));
  textAttribute(writer, "enduser.id", entry.actor);
  textAttribute(writer, "regesta.request_id", entry.id);
  textAttribute(writer, "error.type", entry.status >= 500 ? std::to_string(entry.status) : std::string());
  integerAttribute(writer, "http.response.status_code", entry.status);
  integerAttribute(writer, "http.response.body.size", static_cast<std::int64_t>(entry.bytes));
  writer.end();
}

/// "GET /api/v1/assets/{name}", or "GET" for a request without a route.
std::string nameOf(const http::AccessEntry& entry) {
  return entry.pattern.empty() ? std::string(entry.method) : fmt::format("{} {}", entry.method, entry.pattern);
}

std::string spanOf(const http::AccessEntry& entry, const http::Request& request, std::string_view traceId,
                   std::string_view parentId) {
  const std::int64_t end = nowMicros();
  const std::int64_t start = end - static_cast<std::int64_t>(entry.seconds * 1e6);
  std::string out;
  JsonWriter writer(out);
  writer.object().key("traceId").text(traceId).key("spanId").text(randomHex(8));
  if (!parentId.empty()) {
    writer.key("parentSpanId").text(parentId);
    auto state = request.headers.get("tracestate");
    if (state && state->size() <= longestTraceState) writer.key("traceState").text(http::asUtf8(*state));
  }
  writer.key("name").text(http::asUtf8(nameOf(entry)));
  writer.key("kind").number(kindServer);
  writer.key("startTimeUnixNano").text(std::to_string(start * nanosInMicro));
  writer.key("endTimeUnixNano").text(std::to_string(end * nanosInMicro));
  writeAttributes(writer, entry, request);
  writer.key("status").object();
  if (entry.status >= 500) writer.key("code").number(statusError);
  writer.end().end();
  return out;
}

std::string exportOf(const std::vector<std::string>& spans, const RequestTracing::Options& options) {
  std::string out;
  JsonWriter writer(out);
  writer.object().key("resourceSpans").array().object();
  writer.key("resource").object().key("attributes").array();
  textAttribute(writer, "service.name", options.serviceName);
  textAttribute(writer, "service.version", version);
  textAttribute(writer, "service.instance.id", options.instance);
  writer.end().end();
  writer.key("scopeSpans").array().object();
  writer.key("scope").object().key("name").text("regesta.http").key("version").text(version).end();
  writer.key("spans").array();
  for (const std::string& span : spans) writer.raw(span);
  writer.end().end().end().end().end().end();
  return out;
}

/// What OTLP's specification lists as worth another try.
bool isTemporary(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

}  // namespace

RequestTracing::RequestTracing(Options options)
    : options_(std::move(options)),
      exporter_("spans of requests were not sent", afterFailure, [this] { return exportWaiting(); }) {
  exported();
  dropped();
}

bool RequestTracing::samples(std::string_view traceId) const {
  // As OpenTelemetry's TraceIdRatioBased: by the lower 8 bytes of the id, so that all servers agree.
  const std::uint64_t lower = std::stoull(std::string(traceId.substr(16)), nullptr, 16);
  return static_cast<double>(lower >> 1) < options_.sampleRatio * 0x1p63;
}

void RequestTracing::record(const http::AccessEntry& entry, const http::Request& request) noexcept {
  try {
    const auto& parent = entry.parent;
    const std::string traceId = parent ? std::string(parent->traceId) : randomHex(16);
    if (parent ? !parent->sampled : !samples(traceId)) return;
    std::string span = spanOf(entry, request, traceId, parent ? parent->spanId : std::string_view());
    auto waiting = waiting_.lock();
    if (waiting->size() >= limits::spansWaiting) return dropped().add();
    waiting->push_back(std::move(span));
  } catch (...) {
    dropped().add();  // losing a span must not fail the request
  }
}

Repeater::Pause RequestTracing::exportWaiting() {
  for (;;) {
    std::vector<std::string> batch;
    {
      auto waiting = waiting_.lock();
      const std::size_t count = std::min(waiting->size(), limits::spansPerExport);
      batch.assign(waiting->begin(), waiting->begin() + static_cast<std::ptrdiff_t>(count));
    }
    if (batch.empty()) return betweenExports;
    const bool taken = send(batch);
    auto waiting = waiting_.lock();  // this thread alone removes spans, so the batch is still in front
    waiting->erase(waiting->begin(), waiting->begin() + static_cast<std::ptrdiff_t>(batch.size()));
    (taken ? exported() : dropped()).add(batch.size());
  }
}

bool RequestTracing::send(const std::vector<std::string>& batch) {
  const http::Response response = options_.post(exportOf(batch, options_));
  if (response.status < 300) return true;
  if (isTemporary(response.status)) throw error(Code::unavailable, "the receiver answered {}", response.status);
  log(LogLevel::warn, "the receiver of spans refused an export",
      {{"status", response.status}, {"answer", http::asUtf8(response.body.substr(0, 200))}});
  return false;
}

void RequestTracing::stop() {
  exporter_.stop();
  try {
    exportWaiting();
  } catch (const std::exception& failure) {
    log(LogLevel::warn, "the last spans of requests were not sent", {{"reason", failure.what()}});
  }
}

}  // namespace regesta::server
