#pragma once
// A server on a free loopback port and a raw socket to talk to it: what a hostile or unusual client would send, byte by
// byte.
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/error.h"
#include "http/exchange.h"
#include "http/router.h"
#include "http/server.h"

namespace regesta::http::test {

/// Renders {"error":{"code","message"}}, as the native front does.
Response renderPlain(const Request& request, const Error& failure);

/// A handler as a function.
std::shared_ptr<StreamHandler> stream(std::function<asio::awaitable<void>(Exchange&)> handle);
Action whole(std::function<Response(const Request&)> handle, Runs runs = Runs::inline_, std::size_t bodyLimit = 0);
Action streaming(std::function<asio::awaitable<void>(Exchange&)> handle, std::size_t bodyLimit = 1ULL << 40);
Response text(std::string body, int status = 200);

/// A running server with the routes that `fill` adds.
class Live {
 public:
  explicit Live(const std::function<void(Router&)>& fill, ServerOptions options = {});
  ~Live();
  std::uint16_t port() const { return server->port(); }
  std::string url(std::string_view path) const;

  Router router;
  std::unique_ptr<Server> server;
};

/// How long tests wait for what has to come: far longer than any machine needs.
constexpr std::chrono::seconds patience{60};

/// Waits until `condition` holds; false if it did not within `patience`.
template <class Condition>
bool eventually(const Condition& condition) {
  for (auto until = std::chrono::steady_clock::now() + patience; !condition();) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

/// A blocking client socket.
class Peer {
 public:
  explicit Peer(std::uint16_t port);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  void send(std::string_view bytes);
  /// False when the server has closed or the kernel takes nothing for `limit`.
  bool trySend(std::string_view bytes, std::chrono::milliseconds limit);
  /// Everything until `ending` was received; what came so far when the server closes or `limit` passes.
  std::string receiveUntil(std::string_view ending, std::chrono::milliseconds limit = patience);
  std::string receiveAll(std::chrono::milliseconds limit = patience) { return receiveUntil({}, limit); }
  /// One response with a Content-Length (or without a body).
  std::string receiveResponse(bool head = false);
  /// True when the server closes within `limit` without sending anything more.
  bool closesWithin(std::chrono::milliseconds limit);
  /// Receives once and throws it away; the number of bytes, 0 at the end.
  std::size_t discard();
  void endSending();
  void close();

 private:
  bool fill(std::chrono::steady_clock::time_point until);
  int socket_ = -1;
  std::string held_;
};

std::string bodyOf(std::string_view response);
int statusOf(std::string_view response);
std::string headerOf(std::string_view response, std::string_view name);
/// Resident memory of this process in bytes.
std::size_t residentBytes();

}  // namespace regesta::http::test
