#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "suite.h"

namespace regesta::db {
namespace {

class Sqlite : public testing::Test {
 protected:
  std::string path() const { return folder_.path() + "/regesta.db"; }
  std::unique_ptr<Database> open() const { return openSqlite({.path = path()}); }
  static void fill(Database& database, int rows) {
    database.write([&](Transaction& s) {
      s.run("CREATE TABLE IF NOT EXISTS item (n BIGINT PRIMARY KEY, words TEXT)");
      for (int i = 0; i < rows; ++i) s.run("INSERT INTO item VALUES ($1, $2)", {i, std::string(200, 'x')});
    });
  }
  static std::int64_t count(Database& database) {
    return database.reading([](Transaction& s) {
      Rows rows = s.query("SELECT count(*) FROM item");
      rows.next();
      return rows.integer(0);
    });
  }
  TemporaryFolder folder_;
};

// The check is the same code on both databases; a death test starts this program again, and a cluster would outlive it.
TEST(SqliteDeathTest, WritingInsideReadingOrWritingEndsTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  // The child dies before it could clean up, so it takes the folder of its parent.
  std::optional<TemporaryFolder> folder;
  if (std::getenv("REGESTA_TEST_FOLDER") == nullptr)
    ::setenv("REGESTA_TEST_FOLDER", folder.emplace().path().c_str(), 1);
  auto database = openSqlite({.path = std::string(std::getenv("REGESTA_TEST_FOLDER")) + "/regesta.db"});
  auto write = [&] { database->write([](Transaction&) {}); };
  EXPECT_DEATH(database->read([&](Transaction&) { write(); }),
               "write\\(\\) was called inside read\\(\\) or write\\(\\) of the same database");
  EXPECT_DEATH(database->write([&](Transaction&) { write(); }), "write\\(\\) was called inside");
  EXPECT_DEATH(database->write([&](Transaction&) { database->notify("a", "b"); }), "notify\\(\\) was called inside");
  ::unsetenv("REGESTA_TEST_FOLDER");
}

TEST_F(Sqlite, KeepsWhatWasWrittenAcrossReopening) {
  fill(*open(), 10);
  auto database = open();
  EXPECT_EQ(count(*database), 10);
}

TEST_F(Sqlite, RunsTheWayItPromises) {
  auto database = open();
  fill(*database, 1);
  database->write([](Transaction& s) {
    Rows mode = s.query("PRAGMA journal_mode");
    mode.next();
    EXPECT_EQ(mode.text(0), "wal");
    Rows flush = s.query("PRAGMA synchronous");
    flush.next();
    EXPECT_EQ(flush.integer(0), 2);  // FULL
  });
  struct stat facts{};
  ASSERT_EQ(::stat(path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat((path() + "-wal").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST_F(Sqlite, TransactionsSettingsAndOtherFilesAreOutOfReach) {
  auto database = open();
  fill(*database, 1);
  for (const char* sql :
       {"COMMIT", "ROLLBACK", "SAVEPOINT x", "RELEASE unit", "PRAGMA synchronous = OFF", "PRAGMA journal_mode = DELETE",
        "ATTACH '/tmp/other.db' AS other", "PRAGMA writable_schema = ON"}) {
    thrown(Code::internal, [&] { database->write([&](Transaction& s) { s.run(sql); }); });
    thrown(Code::internal, [&] { database->read([&](Transaction& s) { s.script(sql); }); });
  }
  EXPECT_EQ(count(*database), 1);
}

TEST_F(Sqlite, FilesThatCannotBeOpenedAreNamed) {
  std::string message =
      thrown(Code::unavailable, [&] { openSqlite({.path = folder_.path() + "/missing/regesta.db"}); });
  EXPECT_EQ(message, "the folder of the database file " + folder_.path() + "/missing/regesta.db does not exist");
  message = thrown(Code::unavailable, [&] { openSqlite({.path = folder_.path()}); });
  EXPECT_EQ(message, "cannot open the database " + folder_.path() + ": it is a folder");
  std::ofstream(path()) << "this is a text file and no database, whatever its name says";
  message = thrown(Code::corrupt, [&] { open(); });
  EXPECT_EQ(message, "cannot open the database " + path() +
                         ": the database file is not a SQLite database, or its header is damaged");
  message = thrown(Code::unavailable, [&] { openSqlite({.path = folder_.path() + "/none.db", .readOnly = true}); });
  EXPECT_EQ(message, "cannot open the database " + folder_.path() + "/none.db: No such file or directory");
}

TEST_F(Sqlite, ADamagedPageIsSaidSo) {
  fill(*open(), 2000);
  {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 2; page < 60; ++page) {
      file.seekp(page * 4096);
      file << std::string(4096, '\xAB');
    }
  }
  auto database = open();
  thrown(Code::corrupt, [&] {
    database->read([](Transaction& s) {
      for (Rows rows = s.query("SELECT * FROM item"); rows.next();) rows.integer(0);
    });
  });
}

TEST_F(Sqlite, ReadOnlyLooksAtACopyAndChangesNothing) {
  fill(*open(), 3);
  auto looking = openSqlite({.path = path(), .readOnly = true});
  EXPECT_EQ(count(*looking), 3);
  EXPECT_EQ(thrown(Code::invalidState, [&] { looking->write([](Transaction&) {}); }),
            "the database was opened for reading only");
}

TEST_F(Sqlite, BacksUpWhileWritersRun) {
  auto database = open();
  fill(*database, 500);
  std::atomic<bool> stop{false};
  std::jthread writer([&] {
    for (int i = 1000; !stop; ++i)
      database->write([&](Transaction& s) { s.run("INSERT INTO item VALUES ($1, 'a'), ($2, 'b')", {i, -i}); });
  });
  std::string copy = folder_.path() + "/copy.db";
  database->backup(copy);
  stop = true;
  writer.join();
  auto restored = openSqlite({.path = copy});
  std::int64_t rows = count(*restored);
  EXPECT_GE(rows, 500);
  EXPECT_EQ(rows % 2, 0);  // each transaction wrote two
  restored->read([](Transaction& s) {
    Rows check = s.query("PRAGMA integrity_check");
    check.next();
    EXPECT_EQ(check.text(0), "ok");
  });
  thrown(Code::exists, [&] { database->backup(copy); });
  thrown(Code::unavailable, [&] { database->backup(folder_.path() + "/missing/copy.db"); });
}

TEST_F(Sqlite, AnotherProcessThatKeepsTheFileIsSaidSo) {
  auto database = openSqlite({.path = path(), .patienceMillis = 60'000});
  fill(*database, 1);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE; INSERT INTO item VALUES (50, 'other')", nullptr, nullptr, nullptr),
            SQLITE_OK);
  std::jthread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
  });
  database->write([](Transaction& s) { s.run("INSERT INTO item VALUES (51, 'ours')"); });  // waits for its turn
  release.join();
  EXPECT_EQ(count(*database), 3);
  database.reset();
  database = openSqlite({.path = path(), .patienceMillis = 100});
  sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
  EXPECT_EQ(thrown(Code::unavailable, [&] { database->write([](Transaction&) {}); }),
            "another process is using the database; try again");
  sqlite3_close(other);
  database->write([](Transaction& s) { s.run("INSERT INTO item VALUES (52, 'ours')"); });
}

TEST_F(Sqlite, TheLogDoesNotGrowWithWhatIsWritten) {
  auto database = openSqlite({.path = path(), .logBytes = 256 * 1024});
  fill(*database, 10);
  auto write = [&](int from) {
    for (int i = from; i < from + 50; ++i)
      database->write(
          [&](Transaction& s) { s.run("INSERT INTO item VALUES ($1, $2)", {1000 + i, std::string(50'000, 'y')}); });
    return std::filesystem::file_size(path() + "-wal");
  };
  EXPECT_LT(write(0), 1'000'000U);
  // A reader that stays holds the log back, and only for as long as it stays.
  database->read([&](Transaction& s) {
    s.query("SELECT count(*) FROM item").next();
    std::thread([&] { EXPECT_GT(write(1000), 2'500'000U); }).join();
  });
  std::size_t before = std::filesystem::file_size(path() + "-wal");
  EXPECT_LE(write(2000), before + 100'000);
  EXPECT_EQ(count(*database), 160);
}

TEST_F(Sqlite, ReadersWaitForTheirTurnWhenThePoolIsSmall) {
  auto database = openSqlite({.path = path(), .readers = 1});
  fill(*database, 10);
  std::vector<std::jthread> readers;
  std::atomic<int> right{0};
  for (int i = 0; i < 8; ++i)
    readers.emplace_back([&] {
      for (int k = 0; k < 50; ++k) right += count(*database) == 10;
    });
  readers.clear();
  EXPECT_EQ(right, 400);
}

}  // namespace
}  // namespace regesta::db
