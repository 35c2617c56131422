#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace regesta::http {

/// How the body after a response head is delimited.
enum class BodyFraming {
  none,    ///< 1xx, 204 and 304: no body and no length
  length,  ///< Content-Length
  chunked,
  close,  ///< until the connection closes: HTTP/1.0 without a length
};

struct HeadFacts {
  std::string_view date;
  std::string_view id;
  BodyFraming framing = BodyFraming::length;
  std::uint64_t length = 0;
  bool keepAlive = true;
  bool http11 = true;
  bool secure = false;  ///< came over TLS, and by a name that browsers may pin to it: HSTS is sent
};

/// Appends a response head. Framing and connection headers are ours: a handler's are dropped. Control characters in a
/// handler's values become blanks, so that a name from outside cannot split the response. Every answer is kept from
/// being sniffed, framed and run as a page, and from being stored unless its handler sets ETag or Cache-Control; a
/// handler may set a content policy of its own. A 304 gets none of these: the stored answer has its own.
void appendHead(std::string& out, const Response& response, const HeadFacts& facts);

/// True for statuses that never have a body.
inline bool bodyless(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace regesta::http
