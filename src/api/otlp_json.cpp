#include "api/otlp.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"

// OTLP as JSON: protobuf's mapping, but ids in hexadecimal and enumerations as numbers. Members may come in either
// spelling; those that are unknown are skipped, as the protocol asks of receivers.
namespace regesta::api::otlp {
namespace {

[[noreturn]] void refuse(std::string_view field, std::string_view rule) {
  throw error(Code::invalid, "Invalid OpenTelemetry format: {} {}", field, rule);
}

const json::value* member(const json::object& object, std::string_view camel, std::string_view snake = {}) {
  const json::value* value = object.if_contains(camel);
  if (value == nullptr && !snake.empty()) value = object.if_contains(snake);
  return value && value->is_null() ? nullptr : value;
}

const json::array& listIn(const json::object& object, std::string_view camel, std::string_view snake = {}) {
  static const json::array none;
  const json::value* value = member(object, camel, snake);
  if (value == nullptr) return none;
  if (!value->is_array()) refuse(camel, "must be a list");
  return value->get_array();
}

const json::object& objectIn(const json::value& value, std::string_view field) {
  if (!value.is_object()) refuse(field, "must be an object");
  return value.get_object();
}

std::string textIn(const json::object& object, std::string_view camel, std::string_view snake = {}) {
  const json::value* value = member(object, camel, snake);
  if (value == nullptr) return {};
  if (!value->is_string()) refuse(camel, "must be text");
  return std::string(value->get_string());
}

/// In lower case. Empty for text that is not hexadecimal, so that the span is rejected.
std::string idIn(const json::object& object, std::string_view camel, std::string_view snake) {
  std::optional<std::string> bytes = hexDecode(textIn(object, camel, snake));
  return bytes ? hexEncode(*bytes) : "?";
}

std::int64_t signedIn(const json::value& value, std::string_view field) {
  if (value.is_int64()) return value.get_int64();
  if (value.is_string())
    if (auto number = parseInteger(std::string_view(value.get_string()))) return *number;
  refuse(field, "must be a whole number");
}

std::uint64_t timeIn(const json::object& object, std::string_view camel, std::string_view snake) {
  const json::value* value = member(object, camel, snake);
  if (value == nullptr) return 0;
  if (value->is_uint64()) return value->get_uint64();
  std::int64_t number = signedIn(*value, camel);
  if (number < 0) refuse(camel, "must not be negative");
  return static_cast<std::uint64_t>(number);
}

/// An enumeration by number or by its name: STATUS_CODE_ERROR.
int enumIn(const json::object& object, std::string_view name, std::initializer_list<std::string_view> names) {
  const json::value* value = member(object, name);
  if (value == nullptr) return 0;
  if (value->is_string()) {
    auto found = std::find(names.begin(), names.end(), std::string_view(value->get_string()));
    return found == names.end() ? 0 : static_cast<int>(found - names.begin());
  }
  std::int64_t number = signedIn(*value, name);
  return number >= 0 && number < static_cast<std::int64_t>(names.size()) ? static_cast<int>(number) : 0;
}

json::object attributesIn(const json::object& object, std::string_view field);

json::value anyValue(const json::object& from) {
  if (const json::value* text = member(from, "stringValue", "string_value")) {
    if (!text->is_string()) refuse("stringValue", "must be text");
    return *text;
  }
  if (const json::value* flag = member(from, "boolValue", "bool_value")) {
    if (!flag->is_bool()) refuse("boolValue", "must be true or false");
    return *flag;
  }
  if (const json::value* number = member(from, "intValue", "int_value")) return signedIn(*number, "intValue");
  if (const json::value* number = member(from, "doubleValue", "double_value")) {
    if (number->is_string() || number->is_double()) return *number;  // "NaN", "Infinity"
    if (number->is_number()) return number->to_number<double>();
    refuse("doubleValue", "must be a number");
  }
  if (const json::value* list = member(from, "arrayValue", "array_value")) {
    json::array items;
    for (const json::value& item : listIn(objectIn(*list, "arrayValue"), "values"))
      items.push_back(anyValue(objectIn(item, "values")));
    return items;
  }
  if (const json::value* pairs = member(from, "kvlistValue", "kvlist_value"))
    return attributesIn(objectIn(*pairs, "kvlistValue"), "values");
  if (const json::value* bytes = member(from, "bytesValue", "bytes_value")) {
    if (!bytes->is_string()) refuse("bytesValue", "must be base64 text");
    return *bytes;
  }
  return nullptr;
}

json::object attributesIn(const json::object& object, std::string_view field) {
  json::object attributes;
  for (const json::value& item : listIn(object, field)) {
    const json::object& pair = objectIn(item, field);
    const json::value* value = member(pair, "value");
    attributes.insert_or_assign(textIn(pair, "key"),
                                value ? anyValue(objectIn(*value, "value")) : json::value(nullptr));
  }
  return attributes;
}

telemetry::Span spanOf(const json::object& from) {
  telemetry::Span span{.traceId = idIn(from, "traceId", "trace_id"),
                       .spanId = idIn(from, "spanId", "span_id"),
                       .parentId = idIn(from, "parentSpanId", "parent_span_id"),
                       .name = textIn(from, "name"),
                       .kind = enumIn(from, "kind",
                                      {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
                                       "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"}),
                       .attributes = attributesIn(from, "attributes")};
  if (const json::value* status = member(from, "status")) {
    const json::object& told = objectIn(*status, "status");
    span.statusMessage = textIn(told, "message");
    span.status = static_cast<telemetry::SpanStatus>(
        enumIn(told, "code", {"STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"}));
  }
  for (const json::value& item : listIn(from, "events")) {
    const json::object& event = objectIn(item, "events");
    span.events.push_back({textIn(event, "name"),
                           static_cast<std::int64_t>(timeIn(event, "timeUnixNano", "time_unix_nano")),
                           attributesIn(event, "attributes")});
  }
  for (const json::value& item : listIn(from, "links")) {
    const json::object& link = objectIn(item, "links");
    span.links.push_back(
        {idIn(link, "traceId", "trace_id"), idIn(link, "spanId", "span_id"), attributesIn(link, "attributes")});
  }
  return span;
}

}  // namespace

Batch decodeJson(std::string_view body) {
  json::value tree = parseJson(body);
  const json::array& groups = listIn(objectIn(tree, "the body"), "resourceSpans", "resource_spans");
  if (groups.empty()) refuse("resourceSpans", "has no spans");
  Batch batch;
  for (const json::value& item : groups) {
    const json::object& group = objectIn(item, "resourceSpans");
    auto resource = std::make_shared<json::object>();
    if (const json::value* told = member(group, "resource"))
      *resource = attributesIn(objectIn(*told, "resource"), "attributes");
    for (const json::value& scope : listIn(group, "scopeSpans", "scope_spans"))
      for (const json::value& one : listIn(objectIn(scope, "scopeSpans"), "spans")) {
        const json::object& from = objectIn(one, "spans");
        telemetry::Span span = spanOf(from);
        span.resource = resource;
        take(batch, std::move(span), timeIn(from, "startTimeUnixNano", "start_time_unix_nano"),
             timeIn(from, "endTimeUnixNano", "end_time_unix_nano"));
      }
  }
  return batch;
}

}  // namespace regesta::api::otlp
