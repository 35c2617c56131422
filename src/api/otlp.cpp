#include "api/otlp.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "http/inflate.h"

namespace regesta::api::otlp {
namespace {

constexpr std::string_view protobufType = "application/x-protobuf";

Encoding encodingOf(const http::Request& request) {
  std::string_view type = request.headers.get("Content-Type").value_or("");
  std::string media = lower(trim(type.substr(0, type.find(';'))));
  if (media == protobufType) return Encoding::protobuf;
  if (media == "application/json") return Encoding::json;
  throw error(Code::invalid, "Invalid Content-Type: {}. Expected: application/x-protobuf or application/json",
              isUtf8(type) ? shorten(type, 200) : "bytes");
}

bool isId(std::string_view hex, std::size_t digits) {
  return hex.size() == digits && std::any_of(hex.begin(), hex.end(), [](char c) { return c != '0'; });
}

std::string faultOf(const telemetry::Span& span, std::uint64_t startNs, std::uint64_t endNs) {
  constexpr auto latest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  // Ids of zeros, which OpenTelemetry calls invalid, are accepted, as by MLflow: some generators begin with 0.
  if (span.traceId.size() != 32) return "trace_id must be 16 bytes";
  if (span.spanId.size() != 16) return "span_id must be 8 bytes";
  if (!span.parentId.empty() && span.parentId.size() != 16) return "parent_span_id must be 8 bytes";
  if (startNs > latest) return "start_time_unix_nano is out of range";
  if (endNs > latest) return "end_time_unix_nano is out of range";
  return {};
}

}  // namespace

void take(Batch& batch, telemetry::Span span, std::uint64_t startNs, std::uint64_t endNs) {
  if (span.parentId == "0000000000000000") span.parentId.clear();
  if (std::string fault = faultOf(span, startNs, endNs); !fault.empty()) {
    if (batch.rejected++ == 0) batch.reason = std::move(fault);
    return;
  }
  span.startNs = static_cast<std::int64_t>(startNs);
  span.endNs = static_cast<std::int64_t>(endNs);
  std::erase_if(span.links, [](const telemetry::SpanLink& l) { return !isId(l.traceId, 32) || !isId(l.spanId, 16); });
  batch.spans.push_back(std::move(span));
}

Batch decode(std::string_view body, Encoding encoding) {
  return encoding == Encoding::json ? decodeJson(body) : decodeProtobuf(body);
}

Batch read(const http::Request& request) {
  Encoding encoding = encodingOf(request);
  MemoryShare share;
  std::string unpacked;
  std::string_view body = http::unpackedBody(request, limits::inflatedBody, unpacked, share);
  if (encoding == Encoding::json && !unpacked.empty()) share.add(parsedSize(unpacked));
  return decode(body, encoding);
}

http::Response answer(const http::Request& request, const Batch& batch) {
  http::Response response;
  if (encodingOf(request) == Encoding::protobuf) {
    response.contentType = protobufType;
    response.body = encodeAnswer(batch);
    return response;
  }
  JsonWriter writer(response.body);
  writer.object();
  if (batch.rejected > 0)
    writer.key("partialSuccess")
        .object()
        .key("rejectedSpans")
        .text(std::to_string(batch.rejected))
        .key("errorMessage")
        .text(batch.reason)
        .end();
  writer.end();
  return response;
}

}  // namespace regesta::api::otlp
