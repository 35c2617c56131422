#pragma once
// What the streaming handlers of all fronts begin with. Brings Asio in, as http/exchange.h does.
#include <optional>

#include "api/endpoint.h"
#include "blob/store.h"
#include "http/conditional.h"
#include "http/exchange.h"

namespace regesta::api {

/// admit() on a waiting thread: a password may have to be checked. Throws what it throws.
http::asio::awaitable<void> enter(http::Exchange& exchange, Core& core, AccessRule access, const Dialect& dialect,
                                  std::optional<Call>& call);

/// Takes the rest of the body into `writer`, on waiting threads: a slow disk must not hold up other connections.
/// `check` hears the size so far before each piece is written, and throws what the body is refused for.
http::asio::awaitable<std::uint64_t> receive(http::Exchange& exchange, blob::Writer& writer,
                                             std::function<void(std::uint64_t size)> check = {});

/// Answers with the selected bytes (none for HEAD), read on waiting threads for the same reason. Throws Error{corrupt}
/// when the reader ends before them; the peer then sees a broken connection, never a whole answer.
http::asio::awaitable<void> send(http::Exchange& exchange, http::Response head, blob::Reader& reader,
                                 const http::Selection& selection);

}  // namespace regesta::api
