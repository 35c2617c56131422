#pragma once
#include <memory>
#include <string>

#include "db/database.h"
#include "db/group_commit.h"
#include "db/postgres_connection.h"

namespace regesta::db {

/// Group commit on PostgreSQL, on a connection of its own that is opened with the first write. The transaction of a
/// batch holds an advisory lock that every Regesta server of the database takes, so functions run one after the other
/// everywhere, as they do on SQLite: no two can clash. Statements that nobody waits for go to PostgreSQL with the next
/// function's. If a function throws after it changed something, the batch is rolled back and repeated with a SAVEPOINT
/// for each function, and the next batches have savepoints, too.
class PostgresWriter {
 public:
  PostgresWriter(const Database& database, std::string url);

  /// Returns when `fn` is durable. Throws what `fn` threw, or what kept the batch from being stored.
  void write(const std::function<void(Transaction&)>& fn) { group_.write(fn); }

 private:
  /// How a function is undone when it throws: with the whole transaction, or with its savepoint.
  enum class Undo { transaction, savepoint };
  void runBatch(GroupCommit::Jobs& jobs);
  bool runTogether(GroupCommit::Jobs& jobs, Undo undo);
  void attempt(GroupCommit::Jobs& jobs, Undo undo);
  void runJob(GroupCommit::Job& job, Undo undo);

  const Database& database_;
  std::string url_;
  std::unique_ptr<PostgresConnection> connection_;
  int careful_ = 0;  ///< number of the next batches that have savepoints
  bool spoiled_ = false;
  GroupCommit group_;  // last: its thread uses the others
};

}  // namespace regesta::db
