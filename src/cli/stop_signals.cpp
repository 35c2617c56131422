#include "cli/stop_signals.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

namespace regesta::cli {

StopSignals::StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  watcher_ = std::thread([this, signals] {
    constexpr timespec moment{0, 200'000'000};
    while (!over_) {
      int taken = sigtimedwait(&signals, nullptr, &moment);
      if (taken <= 0) continue;
      if (stopped_.exchange(true)) ::_exit(128 + taken);
    }
  });
}

StopSignals::~StopSignals() {
  over_ = true;
  watcher_.join();
}

}  // namespace regesta::cli
