#pragma once
#include <signal.h>

namespace regesta::server {

/// Signals are taken by the main thread alone: blocked before any thread starts, awaited there.
inline sigset_t blockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

/// Returns the signal that came.
inline int awaitSignal(const sigset_t& signals) {
  int received = 0;
  sigwait(&signals, &received);
  return received;
}

}  // namespace regesta::server
