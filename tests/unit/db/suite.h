#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/error.h"
#include "db/database.h"
#include "temporary_folder.h"

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

/// The URL of the cluster that all tests of this program share.
const std::string& clusterUrl();
/// Runs tools/postgres; what it printed. Throws std::runtime_error when it failed.
std::string toolsPostgres(const std::string& arguments);

/// What `fn` threw; fails the test when it threw nothing or no Error.
template <class Fn>
std::string thrown(Code code, Fn&& fn) {
  try {
    fn();
  } catch (const Error& failure) {
    EXPECT_EQ(codeName(failure.code), codeName(code)) << failure.message;
    return failure.message;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

#define REGESTA_ON_BOTH(suite) \
  INSTANTIATE_TEST_SUITE_P(On, suite, testing::Values(Dialect::sqlite, Dialect::postgres), \
                           [](const auto& info) { return info.param == Dialect::sqlite ? "Sqlite" : "Postgres"; })

}  // namespace regesta::db
