#pragma once
#include <memory>
#include <string>

#include "db/database.h"
#include "support/postgres.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace regesta::db {

/// Every test of the suite runs on both databases, each on an empty one. The PostgreSQL cluster is started by
/// tools/postgres with the first test that needs it; where PostgreSQL is missing the test fails.
class Suite : public testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override;

  /// Another handle on the same database, as a second process would have.
  std::unique_ptr<Database> open() const;
  Database& database() { return *database_; }
  bool onSqlite() const { return GetParam() == Dialect::sqlite; }

  void run(const std::string& sql, Params params = {});
  std::int64_t number(const std::string& sql, Params params = {});
  std::string text(const std::string& sql, Params params = {});

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Database> database_;
};

}  // namespace regesta::db
