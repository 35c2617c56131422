#include "db/postgres_writer.h"

#include <random>
#include <thread>

#include "base/error.h"
#include "db/scope.h"

namespace regesta::db {
namespace {

constexpr int maxAttempts = 50;
/// PostgreSQL lists up to 64 subtransactions of a transaction in memory; more slow down every reader.
constexpr std::size_t mostJobs = 60;
/// Batches with savepoints after one that had to be repeated.
constexpr int carefulBatches = 50;

/// Half a millisecond doubling up to 32, spread at random.
void backOff(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  int ceiling = 500 << std::min(attempt, 6);
  std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution(1, ceiling)(random)));
}

void failAll(GroupCommit::Jobs& jobs, const std::exception_ptr& failure) {
  for (GroupCommit::Job& job : jobs) job.failure = failure;
}

}  // namespace

PostgresWriter::PostgresWriter(const Database& database, std::string url)
    : database_(database),
      url_(std::move(url)),
      group_({.mostJobs = mostJobs, .run = [this](GroupCommit::Jobs& jobs) { runBatch(jobs); }}) {}

void PostgresWriter::runBatch(GroupCommit::Jobs& jobs) {
  if (careful_ == 0 || jobs.size() == 1) {
    if (runTogether(jobs, Undo::transaction)) return;
    careful_ = carefulBatches;
  } else {
    --careful_;
  }
  if (runTogether(jobs, Undo::savepoint)) return;
  // The COMMIT was refused because of one of them: a constraint that is checked only then.
  for (GroupCommit::Job& job : jobs) {
    GroupCommit::Jobs alone{{job.fn, nullptr}};
    runTogether(alone, Undo::transaction);
    job.failure = alone.front().failure;
  }
}

/// False when none was stored, but the others may be if one is undone.
bool PostgresWriter::runTogether(GroupCommit::Jobs& jobs, Undo undo) {
  for (int count = 1;; ++count) {
    try {
      failAll(jobs, nullptr);
      attempt(jobs, undo);
      return true;
    } catch (...) {  // whatever it is, the callers wait for an answer
      failAll(jobs, std::current_exception());
    }
    if (connection_ == nullptr) return true;
    connection_->rollback();
    if (jobs.size() > 1 && (spoiled_ || connection_->commitRefused())) return false;
    if (!connection_->worthRepeating() || count == maxAttempts) return true;
    backOff(count);
  }
}

void PostgresWriter::attempt(GroupCommit::Jobs& jobs, Undo undo) {
  spoiled_ = false;
  if (connection_ == nullptr) connection_ = std::make_unique<PostgresConnection>(url_);
  connection_->begin(PostgresConnection::Mode::writing);
  for (GroupCommit::Job& job : jobs) runJob(job, undo);
  if (jobs.size() == 1 && jobs.front().failure != nullptr)
    connection_->rollback();
  else
    connection_->commit();
}

/// Throws when the whole batch is lost.
void PostgresWriter::runJob(GroupCommit::Job& job, Undo undo) {
  if (undo == Undo::savepoint)
    connection_->savepoint();
  else
    connection_->endPart();
  try {
    Scope scope(database_, *connection_);
    (*job.fn)(*connection_);
    connection_->requireOpen();
    if (undo == Undo::savepoint) connection_->settle();
  } catch (...) {
    if (connection_->lost() || connection_->worthRepeating()) throw;
    if (connection_->broken()) {
      spoiled_ = undo == Undo::transaction;  // an earlier function's statement may be the reason
      throw;
    }
    job.failure = std::current_exception();
    if (undo == Undo::savepoint) return connection_->rollbackSavepoint();
    spoiled_ = !connection_->dropPart();
    if (spoiled_) throw;
    return;
  }
  if (undo == Undo::savepoint) connection_->releaseSavepoint();
}

}  // namespace regesta::db
