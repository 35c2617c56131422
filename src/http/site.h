#pragma once
#include <atomic>
#include <cstddef>

#include "base/limits_edge.h"
#include "base/metrics.h"
#include "http/access_log.h"
#include "http/byte_budget.h"
#include "http/quota.h"
#include "http/server.h"
#include "http/stream.h"
#include "http/waiting.h"

namespace regesta::http {

/// What all connections of one server share.
struct Site {
  Site(ServerOptions given, const Router& routes, Server::RenderError render)
      : options(std::move(given)),
        router(routes),
        renderError(std::move(render)),
        waiting(options.waitingThreads, options.requestsPerCaller),
        accessLog(options.accessLog),
        bodies("bytes of request bodies", limits::bodiesPerCaller, 0),
        streams("open streams", options.streamsPerCaller, limits::streams),
        transfers("uploads under way", options.transfersPerCaller, limits::transfers),
        received(options.bytesPerDay),
        addresses("connections", options.connectionsPerAddress, 0) {
    if (!options.certificateFile.empty() && !options.keyFile.empty())
      tls = std::make_unique<TlsContext>(options.certificateFile, options.keyFile);
  }

  ServerOptions options;
  const Router& router;
  Server::RenderError renderError;
  WaitingPool waiting;
  AccessLog accessLog;
  std::unique_ptr<TlsContext> tls;
  Quota bodies, streams, transfers;  ///< of one caller, by Caller::account()
  ByteBudget received;               ///< bodies of one caller in a day
  Quota addresses;                   ///< connections of one address
  std::atomic<bool> draining{false};
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> bufferedBodies{0};  ///< bytes of whole bodies in memory, see limits::bufferedBodies

  Gauge& openConnections = gauge("regesta_http_connections", "Open connections");
  Counter& accepted = counter("regesta_http_connections_total", "Accepted connections");
  Counter& turnedAway = counter("regesta_http_turned_away_total", "Connections closed because there were too many");
  Counter& malformed = counter("regesta_http_malformed_total", "Requests that broke the grammar of HTTP");
  Counter& timedOut = counter("regesta_http_timed_out_total", "Connections cut because the peer was too slow");
};

}  // namespace regesta::http
