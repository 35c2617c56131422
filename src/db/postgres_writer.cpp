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
  if (runTogether(jobs)) return;
  // The COMMIT was refused because of one of them: a constraint that is checked only then.
  for (GroupCommit::Job& job : jobs) {
    GroupCommit::Jobs alone{{job.fn, nullptr}};
    runTogether(alone);
    job.failure = alone.front().failure;
  }
}

/// False when none was stored and each may succeed alone.
bool PostgresWriter::runTogether(GroupCommit::Jobs& jobs) {
  for (int count = 1;; ++count) {
    try {
      failAll(jobs, nullptr);
      attempt(jobs);
      return true;
    } catch (...) {  // whatever it is, the callers wait for an answer
      failAll(jobs, std::current_exception());
    }
    if (connection_ == nullptr) return true;
    connection_->rollback();
    if (connection_->commitRefused() && jobs.size() > 1) return false;
    if (!connection_->worthRepeating() || count == maxAttempts) return true;
    backOff(count);
  }
}

void PostgresWriter::attempt(GroupCommit::Jobs& jobs) {
  if (connection_ == nullptr) connection_ = std::make_unique<PostgresConnection>(url_);
  connection_->begin(PostgresConnection::Mode::writing);
  for (GroupCommit::Job& job : jobs) runJob(job, jobs.size() == 1);
  if (jobs.size() == 1 && jobs.front().failure != nullptr)
    connection_->rollback();
  else
    connection_->commit();
}

/// Throws when the whole batch is lost.
void PostgresWriter::runJob(GroupCommit::Job& job, bool alone) {
  if (!alone) connection_->savepoint();
  try {
    Scope scope(database_, *connection_);
    (*job.fn)(*connection_);
    connection_->requireOpen();
  } catch (...) {
    if (connection_->lost() || connection_->broken() || connection_->worthRepeating()) throw;
    job.failure = std::current_exception();
    if (!alone) connection_->rollbackSavepoint();
    return;
  }
  if (!alone) connection_->releaseSavepoint();
}

}  // namespace regesta::db
