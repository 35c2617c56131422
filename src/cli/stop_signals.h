#pragma once
#include <atomic>
#include <thread>

namespace regesta::cli {

/// Ctrl-C and SIGTERM as a question that work asks now and then. The second one ends the program at once. Make it
/// before any other thread: it blocks the signals for all of them.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  bool stopped() const { return stopped_; }

 private:
  std::atomic<bool> stopped_ = false, over_ = false;
  std::thread watcher_;
};

}  // namespace regesta::cli
