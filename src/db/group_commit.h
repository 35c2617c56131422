#pragma once
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "base/sync.h"
#include "db/database.h"

namespace regesta::db {

/// Group commit: callers queue their functions, one thread runs those that wait as one batch, which ends with one
/// COMMIT, and then wakes their callers. The next batch gathers while that COMMIT is on its way to the disk.
class GroupCommit {
 public:
  struct Job {
    const std::function<void(Transaction&)>* fn;
    std::exception_ptr failure;  ///< what the caller gets instead of an acknowledgement
  };
  using Jobs = std::vector<Job>;
  struct Options {
    std::size_t mostJobs;  ///< of one batch
    /// Runs the functions in order and returns when those without a failure are durable. Must not throw.
    std::function<void(Jobs&)> run;
    std::function<void()> afterBatch = [] {};  ///< runs after the callers were woken
  };
  explicit GroupCommit(Options options);
  /// Finishes what is queued.
  ~GroupCommit();

  /// Returns when `fn` is durable. Throws what `fn` threw, or what kept the batch from being stored.
  void write(const std::function<void(Transaction&)>& fn);

 private:
  struct Batch {
    Jobs jobs;
    std::atomic<int> done{0};
  };
  struct Queue {
    std::deque<std::shared_ptr<Batch>> batches;  // the last one gathers
    std::size_t jobs = 0;
    bool stopping = false;
  };
  void loop();
  void gather(std::size_t expected);

  Options options_;
  Sync<Queue> queue_;
  std::condition_variable arrived_;
  Counter& writes_;
  Histogram& commits_;
  std::thread thread_;
};

}  // namespace regesta::db
