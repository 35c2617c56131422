#pragma once
#include <exception>
#include <functional>
#include <semaphore>
#include <thread>

namespace regesta::blob {

/// A thread that does one piece of work at a time, in parallel with its owner. It starts with the first.
class SideThread {
 public:
  SideThread() = default;
  SideThread(const SideThread&) = delete;
  SideThread& operator=(const SideThread&) = delete;
  ~SideThread() {
    if (!thread_.joinable()) return;
    work_ = nullptr;
    begin_.release();
    thread_.join();
  }

  /// Runs `side` on the thread and `own` here; returns when both are done. What either throws passes through.
  void both(std::function<void()> side, const std::function<void()>& own) {
    if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
    work_ = std::move(side);
    begin_.release();
    std::exception_ptr failure;
    try {
      own();
    } catch (...) {
      failure = std::current_exception();
    }
    done_.acquire();
    if (!failure) failure = std::exchange(failure_, nullptr);
    if (failure) std::rethrow_exception(failure);
  }

 private:
  void loop() {
    for (;;) {
      begin_.acquire();
      if (!work_) return;
      try {
        work_();
      } catch (...) {
        failure_ = std::current_exception();
      }
      done_.release();
    }
  }

  std::function<void()> work_;
  std::exception_ptr failure_;
  std::binary_semaphore begin_{0}, done_{0};
  std::thread thread_;
};

}  // namespace regesta::blob
