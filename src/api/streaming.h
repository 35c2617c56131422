#pragma once
// Shared by the streaming handlers of all fronts. Includes Asio, like http/exchange.h.
#include <optional>

#include "api/endpoint.h"
#include "base/memory_share.h"
#include "blob/store.h"
#include "http/conditional.h"
#include "http/exchange.h"

namespace regesta::api {

using Task = http::asio::awaitable<void>;

/// Bytes that one request may add to the content store: 1 TiB.
inline constexpr std::size_t uploadLimit = std::size_t{1} << 40;

/// How much of a body is held while it is passed on.
inline constexpr std::size_t pieceSize = 256 * 1024;

/// admit() on a waiting thread, because a password may have to be checked. Throws like admit().
Task enter(http::Exchange& exchange, Core& core, AccessRule access, const Dialect& dialect, std::optional<Call>& call);

/// For StreamRoute::make: a handler that is a class.
template <class Handler>
std::shared_ptr<http::StreamHandler> makeStream(Core& core) {
  return std::make_shared<Handler>(core);
}

/// A handler that is a coroutine.
template <Task (*run)(http::Exchange& exchange, Core& core)>
class Stream final : public http::StreamHandler {
 public:
  explicit Stream(Core& core) : core_(core) {}
  Task handle(http::Exchange& exchange) override { return run(exchange, core_); }

 private:
  Core& core_;
};
template <Task (*run)(http::Exchange& exchange, Core& core)>
std::shared_ptr<http::StreamHandler> makeStream(Core& core) {
  return std::make_shared<Stream<run>>(core);
}

/// Reads the rest of the body into `writer`, on waiting threads, so that a slow disk does not block other connections.
/// `check` gets the size so far before each piece is written, and throws to refuse the body. Throws Error{tooLarge}
/// if the body does not fit into the quota of the call's workspace: before it arrives if its length is known, else as
/// soon as it does not.
http::asio::awaitable<std::uint64_t> receive(http::Exchange& exchange, const Call& call, blob::Writer& writer,
                                             std::function<void(std::uint64_t size)> check = {});

/// The rest of a body as text, and its share of the memory that all bodies together may take (base/memory_share.h),
/// which includes what a JSON text takes once it is parsed: hold it until the text was handled.
struct Collected {
  std::string text;
  MemoryShare share = {};
};
/// For bodies that a handler needs as a whole; the route's bodyLimit bounds them. Throws Error{exhausted} when too many
/// are being read at once.
http::asio::awaitable<Collected> collect(http::Exchange& exchange);

/// Sends the selected bytes (none for HEAD), read on waiting threads likewise. Throws Error{corrupt} if the reader ends
/// early; the client then gets a broken connection, never a complete response.
Task send(http::Exchange& exchange, http::Response head, blob::Reader& reader, const http::Selection& selection);

}  // namespace regesta::api
