#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/message.h"

namespace regesta::http {

class Egress;  // http/egress.h

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  int timeoutSeconds = 30;  ///< for all of it; with `sink` or `source`: without a single byte
  std::size_t answerLimit = 64 * 1024 * 1024;
  /// Streams the body of a 2xx answer here instead of into Response::body; false stops the transfer. Bodies of other
  /// answers still go to Response::body, so that the reason can be read.
  std::function<bool(std::string_view)> sink;
  /// Streams the request body from here (returns bytes produced, 0 at the end) instead of `body`.
  std::function<std::size_t(char*, std::size_t)> source;
  long long sourceSize = -1;  ///< -1: chunked
  /// Called about once per second, also without data; true ends the transfer with Error{unavailable}.
  std::function<bool()> stopped;
  std::string caFile;
  bool followRedirects = false;
  /// Set: each connection goes to an address that this allows, and through no proxy; otherwise Error{denied}.
  const Egress* egress = nullptr;
};

/// An HTTP client on libcurl that keeps its connections. Not thread-safe: one per thread.
/// Any HTTP status is an answer, not an error. Throws Error{unavailable} when there was no answer (refused, timed out,
/// broken, larger than `answerLimit`), with the reason in words, and Error{invalid} when the request itself cannot be
/// sent, Error{denied} for a place that its `egress` does not allow. What a sink or source throws comes out of send().
/// A request with a `source` is never sent twice: when a kept connection turns out to be dead, that is
/// Error{unavailable} too, and the caller decides.
class Client {
 public:
  Client();
  ~Client();
  Response send(const ClientRequest& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::http
