#include "db/sqlite_writer.h"

#include "base/error.h"
#include "db/scope.h"

namespace regesta::db {

SqliteWriter::SqliteWriter(const Database& database, const SqliteOptions& options)
    : database_(database), connection_(options, SqliteConnection::Mode::writer), thread_([this] { loop(); }) {}

SqliteWriter::~SqliteWriter() {
  queue_.lock()->stopping = true;
  arrived_.notify_one();
  thread_.join();
}

void SqliteWriter::write(const std::function<void(Session&)>& fn) {
  std::shared_ptr<Batch> batch;
  std::size_t place = 0;
  {
    auto queue = queue_.lock();
    if (queue->gathering == nullptr) queue->gathering = std::make_shared<Batch>();
    batch = queue->gathering;
    place = batch->jobs.size();
    batch->jobs.push_back({&fn, nullptr});
  }
  if (place == 0) arrived_.notify_one();
  batch->done.wait(0);
  if (batch->jobs[place].failure != nullptr) std::rethrow_exception(batch->jobs[place].failure);
}

void SqliteWriter::loop() {
  for (;;) {
    std::shared_ptr<Batch> batch;
    {
      auto queue = queue_.lock();
      queue.wait(arrived_, [&] { return queue->gathering != nullptr || queue->stopping; });
      if (queue->gathering == nullptr) return;
      batch = std::move(queue->gathering);
      queue->gathering = nullptr;
    }
    runBatch(*batch);
    batch->done.store(1);
    batch->done.notify_all();
    connection_.checkpointWhenDue();
  }
}

void SqliteWriter::runBatch(Batch& batch) {
  try {
    connection_.beginBatch();
    for (Job& job : batch.jobs) runJob(job);
    connection_.commitBatch();
  } catch (const Error& lost) {
    connection_.rollbackBatch();
    for (Job& job : batch.jobs)
      if (job.failure == nullptr) job.failure = std::make_exception_ptr(lost);
  }
}

void SqliteWriter::runJob(Job& job) {
  connection_.savepoint();
  try {
    Scope scope(database_, connection_);
    (*job.fn)(connection_);
    connection_.releaseSavepoint();
  } catch (...) {
    job.failure = std::current_exception();
    connection_.rollbackSavepoint();
  }
}

}  // namespace regesta::db
