#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/memory_share.h"
#include "http/message.h"

namespace regesta::http {

/// Unpacks a body by its Content-Encoding, "gzip" or "deflate" (with or without zlib's frame). Throws Error{invalid}
/// for another encoding and for bytes that are not what they should be or end early, Error{tooLarge} as soon as more
/// than `most` bytes come out.
/// `share` holds what came out so far.
std::string inflate(std::string_view body, std::string_view encoding, std::size_t most, MemoryShare& share);

/// The request's body as its client meant it: itself, or inflated into `unpacked`, as its Content-Encoding says.
std::string_view unpackedBody(const Request& request, std::size_t most, std::string& unpacked, MemoryShare& share);

}  // namespace regesta::http
