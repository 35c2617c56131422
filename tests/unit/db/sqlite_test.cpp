#include <gtest/gtest.h>

#include "base/error.h"
#include "db/database.h"
#include "db/migrate.h"
#include "temporary_folder.h"

namespace regesta::db {
namespace {

// The check is the same code on both databases; a death test starts this program again, and a cluster would outlive it.
TEST(SqliteDeathTest, WritingInsideReadingOrWritingEndsTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  TemporaryFolder folder;
  auto database = openSqlite({.path = folder.path() + "/regesta.db"});
  auto write = [&] { database->write([](Session&) {}); };
  EXPECT_DEATH(database->read([&](Session&) { write(); }), "write\\(\\) was called inside read\\(\\) or write\\(\\) of the same database");
  EXPECT_DEATH(database->write([&](Session&) { write(); }), "write\\(\\) was called inside");
  EXPECT_DEATH(database->write([&](Session&) { database->notify("a", "b"); }), "notify\\(\\) was called inside");
}

TEST(Sqlite, KeepsWhatWasWrittenAcrossReopening) {
  TemporaryFolder folder;
  for (int turn = 0; turn < 2; ++turn) {
    auto database = openSqlite({.path = folder.path() + "/regesta.db"});
    migrate(*database);
    database->write([](Session& s) { s.run("INSERT INTO asset_tag (asset, key, value) SELECT 1, 'k', 'v' WHERE FALSE"); });
    migrate(*database);
  }
}

}  // namespace
}  // namespace regesta::db
