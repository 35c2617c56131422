#include "api/mlflow/trace_wire.h"
#include "base/encoding.h"

// Spans on the wire. Stored attributes are plain JSON; protobuf's JSON names the type of each value.
namespace regesta::api::mlflow::wire {
namespace {

using telemetry::Span;

std::string base64Id(const std::string& hex) { return base64Encode(hexDecode(hex).value_or("")); }

constexpr std::string_view statusNames[] = {"STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"};
constexpr std::string_view kindNames[] = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
                                          "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};
std::string_view statusName(const Span& span) { return statusNames[static_cast<std::size_t>(span.status)]; }

void writeAttributes(JsonWriter& w, const json::object& attributes);

void writeAny(JsonWriter& w, const json::value& value) {
  w.object();
  switch (value.kind()) {
    case json::kind::string:
      w.key("string_value").text(value.get_string());
      break;
    case json::kind::bool_:
      w.key("bool_value").boolean(value.get_bool());
      break;
    case json::kind::int64:
      w.key("int_value").number(value.get_int64());
      break;
    case json::kind::uint64:
    case json::kind::double_:
      w.key("double_value").real(value.to_number<double>());
      break;
    case json::kind::array:
      w.key("array_value").object().key("values").array();
      for (const json::value& item : value.get_array()) writeAny(w, item);
      w.end().end();
      break;
    case json::kind::object:
      w.key("kvlist_value").object().key("values");
      writeAttributes(w, value.get_object());
      w.end();
      break;
    case json::kind::null:
      break;
  }
  w.end();
}

void writeAttribute(JsonWriter& w, std::string_view key, const json::value& value) {
  w.object().key("key").text(key).key("value");
  writeAny(w, value);
  w.end();
}

void writeAttributes(JsonWriter& w, const json::object& attributes) {
  w.array();
  for (const auto& [key, value] : attributes) writeAttribute(w, key, value);
  w.end();
}

constexpr std::string_view requestIdKey = "mlflow.traceRequestId";

/// With the one that says which trace it is: MLflow's readers look for it, whatever the sender wrote there.
json::object withRequestId(const Span& span) {
  json::object attributes = span.attributes;
  attributes.insert_or_assign(requestIdKey, telemetry::prefixedTraceId(span.traceId));
  return attributes;
}

void writeSpan(JsonWriter& w, const Span& span) {
  w.object().key("trace_id").text(base64Id(span.traceId)).key("span_id").text(base64Id(span.spanId));
  if (!span.isRoot()) w.key("parent_span_id").text(base64Id(span.parentId));
  w.key("name").text(span.name);
  if (span.kind > 0 && span.kind < 6) w.key("kind").text(kindNames[span.kind]);
  w.key("start_time_unix_nano").number(span.startNs);
  if (span.endNs != 0) w.key("end_time_unix_nano").number(span.endNs);
  w.key("attributes");
  writeAttributes(w, withRequestId(span));
  w.key("events").array();
  for (const telemetry::SpanEvent& event : span.events) {
    w.object().key("name").text(event.name).key("time_unix_nano").number(event.timeNs).key("attributes");
    writeAttributes(w, event.attributes);
    w.end();
  }
  w.end().key("links").array();
  for (const telemetry::SpanLink& link : span.links) {
    w.object().key("trace_id").text(base64Id(link.traceId)).key("span_id").text(base64Id(link.spanId));
    w.key("attributes");
    writeAttributes(w, link.attributes);
    w.end();
  }
  w.end().key("status").object().key("code").text(statusName(span));
  if (!span.statusMessage.empty()) w.key("message").text(span.statusMessage);
  w.end().end();
}

void writeFileSpan(JsonWriter& w, const Span& span) {
  w.object().key("trace_id").text(base64Id(span.traceId)).key("span_id").text(base64Id(span.spanId));
  w.key("parent_span_id").raw(span.isRoot() ? "null" : '"' + base64Id(span.parentId) + '"');
  w.key("name").text(span.name).key("start_time_unix_nano").number(span.startNs);
  w.key("end_time_unix_nano").raw(span.endNs == 0 ? "null" : std::to_string(span.endNs));
  w.key("events").array();
  for (const telemetry::SpanEvent& event : span.events)
    w.object()
        .key("name")
        .text(event.name)
        .key("time_unix_nano")
        .number(event.timeNs)
        .key("attributes")
        .raw(writeJson(event.attributes))
        .end();
  w.end().key("status").object().key("code").text(statusName(span)).key("message").text(span.statusMessage).end();
  w.key("attributes").object();
  for (const auto& [key, value] : withRequestId(span)) w.key(key).text(writeJson(value));
  w.end().key("links").array();
  for (const telemetry::SpanLink& link : span.links)
    w.object()
        .key("trace_id")
        .text(telemetry::prefixedTraceId(link.traceId))
        .key("span_id")
        .text(link.spanId)
        .key("attributes")
        .raw(writeJson(link.attributes))
        .end();
  w.end().end();
}

}  // namespace

std::string spansOf(const std::vector<Span>& spans) {
  std::string out;
  JsonWriter w(out);
  w.array();
  for (const Span& span : spans) writeSpan(w, span);
  w.end();
  return out;
}

std::string traceFileOf(const std::vector<Span>& spans) {
  std::string out;
  JsonWriter w(out);
  w.object().key("spans").array();
  for (const Span& span : spans) writeFileSpan(w, span);
  w.end().end();
  return out;
}

}  // namespace regesta::api::mlflow::wire
