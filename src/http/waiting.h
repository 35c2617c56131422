#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "base/work.h"

namespace regesta::http {

/// Threads for work that waits. They are created when needed and end after an idle minute, so that an idle server
/// holds none. Each lane has threads of its own (`ordinary` has `limit`, the others limits::scanThreads and
/// limits::trialThreads), and within a lane callers take turns, so neither a kind of work nor a caller can take them
/// all: of scans and trials, a caller leaves as many threads free as it has. Thread-safe.
class WaitingPool {
 public:
  /// `perCaller`: what one caller may have waiting in a lane; 0: as much as limits_work.h says.
  explicit WaitingPool(std::size_t limit, std::size_t perCaller = 0);
  ~WaitingPool();
  /// Runs `work`, which must not throw, with currentWork() set to what `as` says; both outlive it. Throws
  /// Error{exhausted} when the caller has too much waiting in this lane, Error{unavailable} after close().
  void submit(std::function<void()> work, const Work& as = {});
  /// Finishes what was submitted, then returns. Idempotent.
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace regesta::http
