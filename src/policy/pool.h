#pragma once
#include <atomic>
#include <condition_variable>
#include <limits>
#include <memory>
#include <thread>
#include <vector>

#include "base/fair_queue.h"
#include "base/sync.h"
#include "policy/worker.h"

namespace regesta::policy {

/// The pool of workers. One thread starts them (the kernel ends a worker with the thread that started it) and replaces
/// lost ones.
class Pool {
 public:
  /// `niceness` is added to the priority value of the workers; at most `waitingPerCaller` requests of one caller wait.
  Pool(Options options, int niceness, std::size_t waitingPerCaller);
  ~Pool();

  /// Reserves a worker while `work` runs: Reply work(Worker&). Replaces a lost or worn worker. If none is free in time,
  /// or none can be started, the reply has the reason in `lost` and is `starved`. Callers (base/work.h) take turns.
  /// Throws Error{exhausted} if the caller has too many waiting requests, Cancellation::reason() if its work is
  /// cancelled.
  template <class Work>
  Reply with(Work work) {
    std::string why;
    for (int attempt = 0;; ++attempt) {
      auto worker = take(why);
      if (!worker) return {.lost = why, .starved = true};
      Reply reply = work(*worker);
      give(std::move(worker), !reply.lost.empty());
      // An idle worker may have been killed by another process, which is not this request's fault.
      if (!reply.neverStarted || attempt == 2) return reply;
    }
  }

  const Options& options() const { return options_; }

 private:
  /// A request that waits for a worker; on the stack of its thread.
  struct Waiter {
    std::unique_ptr<Worker> worker;
  };
  struct Members {
    explicit Members(std::size_t waitingPerCaller)
        : waiters(std::numeric_limits<std::size_t>::max(), waitingPerCaller) {}
    std::vector<std::unique_ptr<Worker>> idle;
    FairQueue<Waiter*> waiters;
    int alive = 0;
    bool wanted = false;  ///< the first request starts the workers
    bool closing = false;
    std::string failure;  ///< why the last start failed
  };

  std::unique_ptr<Worker> take(std::string& why);
  void assign(Members& members);
  void give(std::unique_ptr<Worker> worker, bool lost);
  void keep();
  std::unique_ptr<Worker> start(std::string& failure) const;

  Options options_;
  int niceness_;
  Sync<Members> members_;
  std::condition_variable changed_;
  std::thread keeper_;
};

}  // namespace regesta::policy
