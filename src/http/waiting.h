#pragma once
#include <cstddef>
#include <functional>
#include <memory>

namespace regesta::http {

/// Threads for work that waits. They are made when needed, up to `limit`, and go again after a quiet minute, so that an
/// idle server holds none. Thread-safe.
class WaitingPool {
 public:
  explicit WaitingPool(std::size_t limit);
  ~WaitingPool();
  /// `work` must not throw. Throws Error{unavailable} after close().
  void submit(std::function<void()> work);
  /// Finishes what was submitted, then returns. Idempotent.
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace regesta::http
