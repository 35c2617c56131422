#pragma once
#include <signal.h>

#include <initializer_list>

namespace regesta::server {

/// Only the main thread handles signals: they are blocked before any thread starts, and it waits for them: SIGTERM,
/// SIGINT, and `more`.
inline sigset_t blockSignals(std::initializer_list<int> more = {}) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  for (int signal : more) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

/// Returns the received signal.
inline int awaitSignal(const sigset_t& signals) {
  int received = 0;
  sigwait(&signals, &received);
  return received;
}

}  // namespace regesta::server
