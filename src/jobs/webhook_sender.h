#pragma once
#include <cstdint>
#include <memory>

#include "http/egress.h"
#include "registry/change.h"

namespace regesta::jobs {

/// Reads the committed ledger after each active webhook's cursor and sends matching entries: at least once and in order
/// per webhook; webhooks do not wait for each other. One server per database sends at a time (lease.h). Thread-safe.
class WebhookSender {
 public:
  struct Options {
    std::size_t threads = 4;                                   ///< number of concurrent requests
    int timeoutSeconds = 10;                                   ///< for one POST
    std::int64_t attempts = 20;                                ///< of one event; then the webhook is disabled
    std::int64_t firstPause = 1000, longestPause = 3'600'000;  ///< milliseconds between attempts; doubles
    std::int64_t lease = 30'000;                               ///< milliseconds; more than twice the time-out
    std::int64_t lookEvery = 100;                              ///< milliseconds
    http::Egress egress{};                                     ///< allowed addresses of receivers
  };
  WebhookSender(registry::Store& store, Options options);
  ~WebhookSender();

  void start();
  /// Waits for POSTs in progress and releases the lease for other servers.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::jobs
