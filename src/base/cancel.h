#pragma once
#include <atomic>
#include <chrono>

namespace regesta {

class Error;

/// Cancels work whose caller disconnected or whose time is over. The code that starts the work keeps one half and calls
/// cancel(); the work checks periodically and stops. Thread-safe.
class Cancellation {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::time_point never = Clock::time_point::max();

  explicit Cancellation(Clock::time_point deadline = never) : deadline_(deadline) {}
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  void cancel() noexcept { abandoned_.store(true, std::memory_order_relaxed); }
  /// Before the work begins, on its thread.
  void setDeadline(Clock::time_point deadline) noexcept { deadline_ = deadline; }
  Clock::time_point deadline() const noexcept { return deadline_; }

  /// True once cancel() was called: the caller disconnected, so no response will be read.
  bool abandoned() const noexcept { return abandoned_.load(std::memory_order_relaxed); }
  bool late() const noexcept { return deadline_ != never && Clock::now() >= deadline_; }
  bool cancelled() const noexcept;
  /// Whether cancelled() ever returned true: the work may have stopped for this reason.
  bool observed() const noexcept { return observed_.load(std::memory_order_relaxed); }
  /// The error for the caller. Permanent if the time was over, because clients retry temporary errors.
  Error reason() const;

  /// Of the work that this thread does now (base/work.h). Null: nobody can cancel it. Work that is handed to another
  /// thread does not inherit it: a commit that has begun is finished.
  static const Cancellation* current() noexcept;

 private:
  Clock::time_point deadline_;
  std::atomic<bool> abandoned_{false};
  mutable std::atomic<bool> observed_{false};
};

/// Throws Cancellation::reason() when this thread's work was cancelled. Some 30 ns: call it per row, not per byte.
void checkCancelled();

}  // namespace regesta
