#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <string>
#include <thread>

#include "base/sync.h"

namespace regesta {

/// Calls a function repeatedly on a thread of its own. start() and stop() from one thread; the rest is thread-safe.
class Repeater {
 public:
  using Pause = std::chrono::milliseconds;
  /// `round` returns the pause before its next call. If it throws, `failure` is logged as a warning with the reason,
  /// and the pause is `pauseAfterFailure`.
  Repeater(std::string failure, Pause pauseAfterFailure, std::function<Pause()> round);
  ~Repeater() { stop(); }
  void start();
  /// Waits for the running call. No effect if it is not running.
  void stop();
  /// Ends the present pause; during a call, leaves out the next one. Calls are at least 20 ms apart.
  void wake();
  /// For long calls: whether stop() was called.
  bool stopping() { return signals_.lock()->stop; }

 private:
  struct Signals {
    bool wake = false, stop = false;
  };
  Pause callOnce();

  std::string failure_;
  Pause pauseAfterFailure_;
  std::function<Pause()> round_;
  Sync<Signals> signals_;
  std::condition_variable signalled_;
  std::thread thread_;
};

}  // namespace regesta
