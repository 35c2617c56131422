#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/message.h"

namespace regesta::http {

/// Bytes that are not a request. The connection closes after the response: after a framing fault
/// the start of the next request is unknown.
struct Malformed {
  int status;
  std::string message;
};

/// How the body of a request is delimited, and what its head says about the connection.
struct Framing {
  std::optional<std::uint64_t> length;  ///< declared Content-Length; a request with neither this nor chunks has no body
  bool chunked = false;
  bool keepAlive = true;
  bool expectsContinue = false;
  bool http11 = true;

  bool hasBody() const { return chunked || length.value_or(0) > 0; }
};

/// The grammar of a request head, without input or output. Stricter than RFC 9112 wherever a proxy in front of us might
/// read the same bytes differently: one Content-Length of digits, "chunked" as the only coding, never both, no bare LF,
/// no folded lines, exactly one Host.
class RequestParser {
 public:
  RequestParser();
  ~RequestParser();
  /// Looks for a whole head at the start of `bytes`, which must begin with the bytes of the call before. Returns its
  /// size and fills request and framing, or 0 when more bytes are needed. Throws Malformed; `request` then holds
  /// what was understood. After a head, the next call begins a new request.
  std::size_t parse(std::string_view bytes, Request& request, Framing& framing);
  /// For a head that is refused before it was whole: method and path, when its first line has them, so that the refusal
  /// can be rendered in the dialect of the path.
  static void guess(std::string_view bytes, Request& request);

 private:
  struct Grammar;
  std::size_t scanned_ = 0;  ///< bytes already searched for the end of the head
  std::size_t line_ = 0;     ///< start of the line that is being searched
};

/// Decodes a chunked body. Extensions and trailers are checked and dropped.
class ChunkDecoder {
 public:
  struct Step {
    std::size_t consumed = 0, produced = 0;
  };
  /// Copies body bytes from `bytes` into `into` until either is used up or the body ends. Throws Malformed.
  Step decode(std::string_view bytes, std::span<char> into);
  bool ended() const { return state_ == State::ended; }

 private:
  enum class State {
    size,
    extension,
    sizeEnd,
    data,
    dataReturn,
    dataEnd,
    lineStart,
    trailer,
    trailerEnd,
    lastEnd,
    ended
  };
  void control(unsigned char c);
  void sizeDigit(unsigned char c);

  State state_ = State::size;
  std::uint64_t remaining_ = 0;
  unsigned digits_ = 0;
  std::size_t overhead_ = 0;  ///< bytes of extensions and trailers so far
};

}  // namespace regesta::http
