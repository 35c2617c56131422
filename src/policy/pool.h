#pragma once
#include <atomic>
#include <condition_variable>
#include <memory>
#include <thread>
#include <vector>

#include "base/sync.h"
#include "policy/worker.h"

namespace regesta::policy {

/// The workers and who has them. One thread starts them (the kernel ends a worker with the thread that started it) and
/// replaces those that are lost.
class Pool {
 public:
  explicit Pool(Options options);
  ~Pool();

  /// Borrows a worker for as long as `work` runs: Reply work(Worker&). A worker that is lost or worn is replaced. When
  /// none gets free in time, or none can be started, the reply says so in `lost`.
  template <class Work>
  Reply with(Work work) {
    std::string why;
    for (int attempt = 0;; ++attempt) {
      auto worker = take(why);
      if (!worker) return {.lost = why};
      Reply reply = work(*worker);
      give(std::move(worker), !reply.lost.empty());
      // An idle worker may have been ended by someone else; that says nothing about this request.
      if (!reply.neverStarted || attempt == 2) return reply;
    }
  }

  const Options& options() const { return options_; }
  std::uint64_t lost() const { return lost_.load(); }

 private:
  struct Members {
    std::vector<std::unique_ptr<Worker>> idle;
    int alive = 0;
    bool wanted = false;  ///< the first request starts the workers
    bool closing = false;
    std::string failure;  ///< why the last start failed
  };

  std::unique_ptr<Worker> take(std::string& why);
  void give(std::unique_ptr<Worker> worker, bool lost);
  void keep();
  std::unique_ptr<Worker> start(std::string& failure) const;

  Options options_;
  Sync<Members> members_;
  std::condition_variable changed_;
  std::atomic<std::uint64_t> lost_{0};
  std::thread keeper_;
};

}  // namespace regesta::policy
