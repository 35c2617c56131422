#pragma once
#include <algorithm>
#include <chrono>

#include "base/cancel.h"

namespace regesta::db {

inline constexpr std::chrono::milliseconds lookForCaller{100};  ///< how often what waits looks whether it should

/// How long to wait before the next look at the current Cancellation.
inline std::chrono::milliseconds pollInterval(const Cancellation& cancellation) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(cancellation.deadline() - Cancellation::Clock::now());
  return std::clamp(left, std::chrono::milliseconds(0), lookForCaller);
}

/// Waits for `done` under the guard's lock. Throws Cancellation::reason() when this thread's work is cancelled first.
template <class Guard, class Condition, class Predicate>
void waitUnlessCancelled(Guard& guard, Condition& condition, Predicate done) {
  const Cancellation* cancellation = Cancellation::current();
  if (cancellation == nullptr) return guard.wait(condition, done);
  while (!done()) {
    checkCancelled();
    guard.waitFor(condition, pollInterval(*cancellation), done);
  }
}

}  // namespace regesta::db
