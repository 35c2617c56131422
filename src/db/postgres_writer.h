#pragma once
#include <memory>
#include <string>

#include "db/database.h"
#include "db/group_commit.h"
#include "db/postgres_connection.h"

namespace regesta::db {

/// Group commit on PostgreSQL, on a connection of its own that is opened with the first write. The transaction of a
/// batch holds an advisory lock that every Regesta server of the database takes, so functions run one after the other
/// everywhere, as they do on SQLite: no two can clash. Each has a SAVEPOINT of its own.
class PostgresWriter {
 public:
  PostgresWriter(const Database& database, std::string url);

  /// Returns when `fn` is durable. Throws what `fn` threw, or what kept the batch from being stored.
  void write(const std::function<void(Transaction&)>& fn) { group_.write(fn); }

 private:
  void runBatch(GroupCommit::Jobs& jobs);
  bool runTogether(GroupCommit::Jobs& jobs);
  void attempt(GroupCommit::Jobs& jobs);
  void runJob(GroupCommit::Job& job, bool alone);

  const Database& database_;
  std::string url_;
  std::unique_ptr<PostgresConnection> connection_;
  GroupCommit group_;  // last: its thread uses the others
};

}  // namespace regesta::db
