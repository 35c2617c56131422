#include <gtest/gtest.h>

#include "base/error.h"
#include "db/database.h"
#include "db/migrate.h"
#include "temporary_folder.h"

namespace regesta::db {
namespace {

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
