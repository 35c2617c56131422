#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace regesta::http {

/// How the body behind a response head is delimited.
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
};

/// Appends a response head. Framing and connection headers are ours: a handler's are dropped. Control characters in a
/// handler's values become blanks, so that a name from outside cannot split the response.
void appendHead(std::string& out, const Response& response, const HeadFacts& facts);

/// True for statuses that never have a body.
inline bool bodyless(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace regesta::http
