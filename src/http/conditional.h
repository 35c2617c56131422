#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace regesta::http {

/// RFC 9110 date, "Sun, 06 Nov 1994 08:49:37 GMT".
std::string formatHttpDate(std::int64_t seconds);
/// Seconds since 1970 of such a date; empty optional for anything else (obsolete forms included: a condition we cannot
/// read is ignored, which is always safe).
std::optional<std::int64_t> parseHttpDate(std::string_view text);

/// What the server knows about the requested resource. `etag` with its quotes, empty if there is none.
struct Validators {
  std::string_view etag;
  std::optional<std::int64_t> modified;  ///< seconds since 1970
};

/// True when `header` (the value of If-Match or If-None-Match) lists `etag` or is "*". Weak comparison ignores W/.
bool etagMatches(std::string_view header, std::string_view etag, bool weak);

enum class Condition { proceed, notModified, failed };
/// RFC 9110 section 13.2.2: If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, in that order.
/// notModified is answered with 304 (see notModified()), failed with 412.
Condition evaluateConditions(const Request& request, const Validators& known);
/// A 304 that carries the validators.
Response notModified(const Validators& known);

/// Which of some stored bytes a GET or HEAD is answered with. The headers are those that follow from it: ETag,
/// Last-Modified, Accept-Ranges, Content-Range.
struct Selection {
  int status = 200;  ///< 200 or 206: the bytes follow; 304, 412 and 416: none do
  std::uint64_t from = 0, length = 0;
  Headers headers;
  bool sends() const { return status == 200 || status == 206; }
};
/// By the request's conditions and its range, one of "bytes=a-b", "bytes=a-" and "bytes=-n". Several ranges, other
/// units, malformed text and an If-Range that does not match give the whole, as RFC 9110 allows.
Selection selectBytes(const Request& request, std::uint64_t size, const Validators& known);

}  // namespace regesta::http
