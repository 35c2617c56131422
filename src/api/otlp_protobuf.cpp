#include "otlp.pb.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/stubs/logging.h>

#include <cmath>

#include "api/otlp.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/limits_edge.h"
#include "base/memory_share.h"

// The only file that knows protobuf. Nesting is bounded by protobuf's own limit of 100 messages, about 45 values deep.
namespace regesta::api::otlp {
namespace {

namespace pb = regesta::otlp;

template <class List>
json::object objectOf(const List& pairs);

json::value valueOf(const pb::AnyValue& value) {
  switch (value.value_case()) {
    case pb::AnyValue::kStringValue:
      return json::string(value.string_value());
    case pb::AnyValue::kBoolValue:
      return value.bool_value();
    case pb::AnyValue::kIntValue:
      return value.int_value();
    case pb::AnyValue::kDoubleValue:
      return value.double_value();
    case pb::AnyValue::kBytesValue:
      return json::string(base64Encode(value.bytes_value()));
    case pb::AnyValue::kKvlistValue:
      return objectOf(value.kvlist_value().values());
    case pb::AnyValue::kArrayValue: {
      json::array items;
      for (const pb::AnyValue& item : value.array_value().values()) items.push_back(valueOf(item));
      return items;
    }
    case pb::AnyValue::VALUE_NOT_SET:
      break;
  }
  return nullptr;
}

/// The last one counts where a key comes twice.
template <class List>
json::object objectOf(const List& pairs) {
  json::object object;
  object.reserve(static_cast<std::size_t>(pairs.size()));
  for (const pb::KeyValue& pair : pairs) object.insert_or_assign(pair.key(), valueOf(pair.value()));
  return object;
}

telemetry::Span spanOf(const pb::Span& from) {
  telemetry::Span span{.traceId = hexEncode(from.trace_id()),
                       .spanId = hexEncode(from.span_id()),
                       .parentId = hexEncode(from.parent_span_id()),
                       .name = from.name(),
                       .kind = from.kind(),
                       .statusMessage = from.status().message(),
                       .attributes = objectOf(from.attributes())};
  if (int code = from.status().code(); code == 1 || code == 2) span.status = static_cast<telemetry::SpanStatus>(code);
  for (const pb::Span::Event& event : from.events())
    span.events.push_back(
        {event.name(), static_cast<std::int64_t>(event.time_unix_nano()), objectOf(event.attributes())});
  for (const pb::Span::Link& link : from.links())
    span.links.push_back({hexEncode(link.trace_id()), hexEncode(link.span_id()), objectOf(link.attributes())});
  return span;
}

/// The library writes a line to stderr for every request with text that is not UTF-8, and any client may send
/// those. Who sent it hears of it in the answer.
void silenceLibrary() {
  [[maybe_unused]] static google::protobuf::LogHandler* const before = google::protobuf::SetLogHandler(nullptr);
}

/// Where a message's parts live: an empty one takes two bytes on the wire and hundreds in memory, so what they take is
/// counted, not what came.
class Parts {
 public:
  Parts() : before_(std::exchange(current(), this)), arena_(options()) {}
  ~Parts() { current() = before_; }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  template <class Message>
  Message& make() {
    return *google::protobuf::Arena::CreateMessage<Message>(&arena_);
  }

 private:
  /// The library hands its allocator nothing that says for whom it asks.
  static Parts*& current() {
    thread_local Parts* one = nullptr;
    return one;
  }
  static void* take(std::size_t size) {
    Parts& parts = *current();
    if (size > parts.left_)
      throw error(Code::tooLarge, "the spans take more than {} bytes of memory once decoded; send fewer at a time",
                  limits::protobufMemory);
    parts.left_ -= size;
    parts.share_.add(size);
    return ::operator new(size);
  }
  static void giveBack(void* block, std::size_t) { ::operator delete(block); }
  static google::protobuf::ArenaOptions options() {
    google::protobuf::ArenaOptions options;
    options.block_alloc = take;
    options.block_dealloc = giveBack;
    return options;
  }
  Parts* before_;
  std::size_t left_ = limits::protobufMemory;
  MemoryShare share_;
  google::protobuf::Arena arena_;
};

}  // namespace

Batch decodeProtobuf(std::string_view body) {
  silenceLibrary();
  Parts parts;
  auto& request = parts.make<pb::ExportRequest>();
  if (!request.ParseFromArray(body.data(), static_cast<int>(body.size())))
    throw Error(Code::invalid, "Invalid OpenTelemetry format");
  if (request.resource_spans().empty()) throw Error(Code::invalid, "Invalid OpenTelemetry format - no spans found");
  Batch batch;
  for (const pb::ResourceSpans& group : request.resource_spans()) {
    auto resource = std::make_shared<const json::object>(objectOf(group.resource().attributes()));
    for (const pb::ScopeSpans& scope : group.scope_spans()) {
      for (const pb::Span& from : scope.spans()) {
        telemetry::Span span = spanOf(from);
        span.resource = resource;
        take(batch, std::move(span), from.start_time_unix_nano(), from.end_time_unix_nano());
      }
    }
  }
  return batch;
}

std::string encodeAnswer(const Batch& batch) {
  pb::ExportResponse response;
  if (batch.rejected > 0) {
    response.mutable_partial_success()->set_rejected_spans(batch.rejected);
    response.mutable_partial_success()->set_error_message(batch.reason);
  }
  return response.SerializeAsString();
}

}  // namespace regesta::api::otlp
