#include "db/sqlite_writer.h"

#include <limits>

#include "base/error.h"
#include "db/scope.h"

namespace regesta::db {

SqliteWriter::SqliteWriter(const Database& database, const SqliteOptions& options)
    : database_(database),
      connection_(options, SqliteConnection::Mode::writer),
      group_({.mostJobs = std::numeric_limits<std::size_t>::max(),
              .run = [this](GroupCommit::Jobs& jobs) { runBatch(jobs); },
              .afterBatch = [this] { connection_.checkpointWhenDue(); }}) {}

void SqliteWriter::runBatch(GroupCommit::Jobs& jobs) {
  try {
    connection_.beginBatch();
    for (GroupCommit::Job& job : jobs) runJob(job);
    connection_.commitBatch();
  } catch (...) {  // whatever it is, the callers wait for an answer
    connection_.rollbackBatch();
    for (GroupCommit::Job& job : jobs)
      if (job.failure == nullptr) job.failure = std::current_exception();
  }
}

void SqliteWriter::runJob(GroupCommit::Job& job) {
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
