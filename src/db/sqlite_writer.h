#pragma once
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "base/sync.h"
#include "db/database.h"
#include "db/sqlite_connection.h"

namespace regesta::db {

/// Group commit: callers queue their functions, one thread runs all that wait inside one transaction, each in a
/// SAVEPOINT of its own, and wakes them all after the one COMMIT. The next batch gathers while that COMMIT is on its
/// way to the disk.
class SqliteWriter {
 public:
  SqliteWriter(const Database& database, const SqliteOptions& options);
  /// Finishes what is queued.
  ~SqliteWriter();

  /// Returns when `fn` is durable. Throws what `fn` threw, or what kept the batch from being stored.
  void write(const std::function<void(Transaction&)>& fn);
  bool acceptsWrites() const { return !connection_.flushFailed(); }

 private:
  struct Job {
    const std::function<void(Transaction&)>* fn;
    std::exception_ptr failure;
  };
  struct Batch {
    std::vector<Job> jobs;
    std::atomic<int> done{0};
  };
  struct Queue {
    std::shared_ptr<Batch> gathering;  // null: no waiters
    bool stopping = false;
  };
  void loop();
  std::size_t waiting();
  void gather(std::size_t expected);
  void runBatch(Batch& batch);
  void runJob(Job& job);

  const Database& database_;
  SqliteConnection connection_;
  Sync<Queue> queue_;
  std::condition_variable arrived_;
  Counter& writes_;
  Histogram& commits_;
  std::thread thread_;
};

}  // namespace regesta::db
