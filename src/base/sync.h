#pragma once
#include <mutex>
#include <utility>

namespace regesta {

/// A value that can only be touched under its lock: `auto queue = queue_.lock(); queue->push_back(x);`
/// `guard.wait(condition, predicate)` waits on a condition variable while holding it.
template <class T>
class Sync {
 public:
  Sync() = default;
  explicit Sync(T value) : value_(std::move(value)) {}

  class Guard {
   public:
    Guard(std::mutex& mutex, T& value) : lock_(mutex), value_(&value) {}
    T* operator->() { return value_; }
    T& operator*() { return *value_; }
    template <class Condition, class Predicate>
    void wait(Condition& condition, Predicate done) {
      condition.wait(lock_, std::move(done));
    }
    template <class Condition, class Duration, class Predicate>
    bool waitFor(Condition& condition, Duration limit, Predicate done) {
      return condition.wait_for(lock_, limit, std::move(done));
    }
    void unlock() { lock_.unlock(); }

   private:
    std::unique_lock<std::mutex> lock_;
    T* value_;
  };

  Guard lock() { return Guard(mutex_, value_); }

 private:
  std::mutex mutex_;
  T value_{};
};

}  // namespace regesta
