#pragma once
#include "db/database.h"
#include "db/group_commit.h"
#include "db/sqlite_connection.h"

namespace regesta::db {

/// Group commit on SQLite: every function in a SAVEPOINT of its own, all of a batch in one transaction.
class SqliteWriter {
 public:
  SqliteWriter(const Database& database, const SqliteOptions& options);

  /// Returns when `fn` is durable. Throws what `fn` threw, or what kept the batch from being stored.
  void write(const std::function<void(Transaction&)>& fn) { group_.write(fn); }
  bool acceptsWrites() const { return !connection_.flushFailed(); }

 private:
  void runBatch(GroupCommit::Jobs& jobs);
  void runJob(GroupCommit::Job& job);

  const Database& database_;
  SqliteConnection connection_;
  GroupCommit group_;  // last: its thread uses the others
};

}  // namespace regesta::db
