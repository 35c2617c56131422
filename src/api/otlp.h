#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "telemetry/span.h"

namespace regesta::api::otlp {

/// OpenTelemetry's trace export over HTTP, for all fronts: protobuf or JSON, plain, gzip or deflate.

struct Batch {
  std::vector<telemetry::Span> spans;
  std::int64_t rejected = 0;  ///< rejected spans: ids of a wrong length, times after 2262
  std::string reason;         ///< of the first of them
};

enum class Encoding { protobuf, json };

/// Throws Error{invalid} for bytes that are not in the encoding or contain no spans.
Batch decode(std::string_view body, Encoding encoding);

/// Reads a request's body by its Content-Type and Content-Encoding. Throws Error{invalid} for other types, encodings
/// and contents; Error{tooLarge} if it inflates beyond limits::inflatedBody.
Batch read(const http::Request& request);

/// The protocol's response in the request's encoding: empty, or the number of rejected spans and the reason.
http::Response answer(const http::Request& request, const Batch& batch);

/// For otlp_protobuf.cpp and otlp_json.cpp: adds a parsed span, or counts it as rejected.
void take(Batch& batch, telemetry::Span span, std::uint64_t startNs, std::uint64_t endNs);

Batch decodeProtobuf(std::string_view body);
Batch decodeJson(std::string_view body);
std::string encodeAnswer(const Batch& batch);  ///< protobuf

}  // namespace regesta::api::otlp
