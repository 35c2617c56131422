#pragma once
#include <optional>
#include <string_view>

namespace regesta::http {

/// The caller's span, as the header `traceparent` of W3C Trace Context names it.
struct TraceContext {
  std::string_view traceId;  ///< 32 lower-case hexadecimal digits
  std::string_view spanId;   ///< 16 of them
  bool sampled = false;
};

/// Reads the header's value; the result points into it. Empty optional: malformed, or an id is all zeros. Of versions
/// after 00, what version 00 defines is read.
std::optional<TraceContext> parseTraceparent(std::string_view value);

}  // namespace regesta::http
