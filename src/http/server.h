#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/limits_edge.h"
#include "base/limits_work.h"
#include "http/message.h"
#include "http/router.h"

namespace regesta {
class Error;
}

namespace regesta::http {

struct AccessEntry;

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;     ///< 0: any free one, see Server::port()
  std::size_t ioThreads = 0;  ///< 0: one a core
  std::size_t waitingThreads = 64;
  std::string certificateFile;  ///< PEM; TLS when both are set
  std::string keyFile;
  std::string accessLog;  ///< file of JSON lines, "-" for stderr, empty for none
  /// Hears of every answer, on an I/O thread: it must be quick and throw nothing.
  std::function<void(const AccessEntry&, const Request&)> answered = nullptr;
  std::size_t maxConnections = limits::connections;
  std::size_t connectionsPerAddress = limits::connectionsPerAddress;  ///< loopback is exempt; 0: no limit
  std::uint64_t bytesPerDay = 0;                                      ///< of one caller's bodies; 0: no limit
  std::size_t streamsPerCaller = limits::streamsPerCaller;            ///< 0: no limit
  std::size_t transfersPerCaller = limits::transfersPerCaller;        ///< 0: no limit
  std::size_t requestsPerCaller = limits::requestsWaiting;            ///< that wait for a thread; 0: no limit
  int streamReadMillis = limits::streamReadMillis;  ///< of one piece of work of a stream that only reads
  int headTimeoutSeconds = 15;                      ///< to receive a whole request head (slow loris)
  int idleTimeoutSeconds = 75;                      ///< between requests
  int bodyTimeoutSeconds = 60;  ///< without a single byte of an expected body, and for a peer that does not read
  /// Sees every request before it is routed, whatever its route, and may correct what a proxy says of the client
  /// (remote, secure). Throws the Error that the request is refused for. On I/O threads: quick.
  std::function<void(Request&)> guard;
};

/// An HTTP/1.1 server over TCP or TLS: keep-alive, pipelining, streaming bodies, graceful drain.
/// Errors that handlers throw, unknown paths and malformed requests are rendered by `renderError`, which picks the
/// dialect from the path. Adds X-Request-Id to every answer.
class Server {
 public:
  using RenderError = std::function<Response(const Request&, const Error&)>;
  Server(ServerOptions options, const Router& router, RenderError renderError);
  ~Server();
  /// Binds and begins to accept. Throws Error{unavailable} that names the address when it is taken. Raises the
  /// process's soft limit of open files towards `maxConnections`.
  void start();
  std::uint16_t port() const;
  /// Opens the file of the access log again, after it was renamed.
  void reopenAccessLog();
  /// Stops accepting, lets running requests finish for at most `seconds`, then closes. A handler on the waiting threads
  /// is never cut in the middle: drain returns when it has ended, however long that takes. Idempotent; not from a
  /// handler.
  void drain(int seconds);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::http
