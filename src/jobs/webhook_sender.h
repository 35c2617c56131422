#pragma once
#include <cstdint>
#include <memory>

#include "registry/change.h"

namespace regesta::jobs {

/// Reads the committed ledger behind each active webhook's cursor and sends what it wants. At least once and in order a
/// webhook; webhooks do not wait for each other. Of the servers on one database one sends at a time (lease.h).
/// Thread-safe.
class WebhookSender {
 public:
  struct Options {
    std::size_t threads = 4;                                   ///< receivers that are talked to at once
    int timeoutSeconds = 10;                                   ///< for one POST
    std::int64_t attempts = 20;                                ///< of one event; then the webhook is given up
    std::int64_t firstPause = 1000, longestPause = 3'600'000;  ///< milliseconds between attempts; doubles
    std::int64_t lease = 30'000;                               ///< milliseconds; more than twice the time-out
    std::int64_t lookEvery = 100;                              ///< milliseconds
  };
  WebhookSender(registry::Store& store, Options options);
  ~WebhookSender();

  void start();
  /// Waits for the POSTs under way, and lets another server go on at once.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::jobs
