#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "tracking/span.h"

namespace regesta::api::otlp {

/// OpenTelemetry's trace export over HTTP, the one reader of all fronts: protobuf or JSON, plain, gzip or deflate.

struct Batch {
  std::vector<tracking::Span> spans;
  std::int64_t rejected = 0;  ///< spans that were left out: ids of a wrong length, times beyond 2262
  std::string reason;         ///< of the first of them
};

enum class Encoding { protobuf, json };

/// Throws Error{invalid} for bytes that are none of the encoding, or that hold no spans at all.
Batch decode(std::string_view body, Encoding encoding);

/// Reads a request's body by its Content-Type and Content-Encoding. Throws Error{invalid} for other types, encodings
/// and contents; Error{tooLarge} when it inflates beyond limits::inflatedBody.
Batch read(const http::Request& request);

/// What the protocol answers, in the request's own encoding: empty, or how many spans were rejected and why.
http::Response answer(const http::Request& request, const Batch& batch);

/// For otlp_protobuf.cpp and otlp_json.cpp: takes a span that has been read, or counts it as rejected.
void take(Batch& batch, tracking::Span span, std::uint64_t startNs, std::uint64_t endNs);

Batch decodeProtobuf(std::string_view body);
Batch decodeJson(std::string_view body);
std::string encodeAnswer(const Batch& batch);  ///< protobuf

}  // namespace regesta::api::otlp
