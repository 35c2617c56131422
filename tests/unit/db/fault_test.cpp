#include <filesystem>
#include <random>
#include <set>
#include <thread>

#include "faulty_disk.h"
#include "suite.h"

namespace regesta::db {
namespace {

using Fault = FaultyDisk::Fault;
using Survives = FaultyDisk::Survives;

/// A small workload that reaches every kind of write: new files, growth, overwriting, checkpoints, a transaction given
/// up.
struct Workload {
  std::string path;
  std::set<int> acknowledged, refused;
  int next = 0, firstOfThisRun = 0;

  std::unique_ptr<Database> open() const { return openSqlite({.path = path, .readers = 1, .logBytes = 12 * 4096}); }

  void write(Database& database) {
    int n = next++;
    try {
      database.write([&](Transaction& s) {
        s.run("INSERT INTO pair VALUES ($1, 'left', $2)",
              {n, std::string(static_cast<std::size_t>(n % 5) * 2500, 'x')});
        s.run("UPDATE total SET value = value + 1");
        s.run("INSERT INTO pair VALUES ($1, 'right', '')", {n});
      });
      acknowledged.insert(n);
    } catch (const Error& failure) {
      EXPECT_EQ(failure.code, Code::unavailable) << failure.message;
      refused.insert(n);
    }
  }

  /// True when the database could be opened and prepared at all. `atEnd` runs while it is still open.
  bool run(int writes, const std::function<void()>& atEnd = [] {}) {
    firstOfThisRun = next;
    try {
      auto database = open();
      database->write([](Transaction& s) {
        s.script(
            "CREATE TABLE IF NOT EXISTS pair (n BIGINT, side TEXT, load TEXT); CREATE TABLE IF NOT EXISTS total (value "
            "BIGINT);"
            "INSERT INTO total SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM total)");
      });
      for (int i = 0; i < writes; ++i) write(*database);
      try {
        database->write([](Transaction& s) {
          s.run("INSERT INTO pair VALUES (-1, 'left', '')");
          throw std::runtime_error("given up");
        });
      } catch (const std::exception&) {
      }
      for (int i = 0; i < writes; ++i) write(*database);
      checkWhatIsSeen(*database);
      atEnd();
      return true;
    } catch (const Error& failure) {
      EXPECT_EQ(failure.code, Code::unavailable) << failure.message;
      return false;
    }
  }

  /// In the running process nothing stays of what was refused. After a restart it may be there: the power might as well
  /// have gone between the flush and the answer.
  void checkWhatIsSeen(Database& database) const {
    database.read([&](Transaction& s) {
      std::size_t seen = 0;
      for (Rows rows = s.query("SELECT DISTINCT n FROM pair"); rows.next();) {
        int n = static_cast<int>(rows.integer(0));
        seen += acknowledged.contains(n);
        if (n >= firstOfThisRun) EXPECT_FALSE(refused.contains(n)) << n << " was refused and is seen";
      }
      EXPECT_EQ(seen, acknowledged.size()) << "something that was acknowledged is not seen";
    });
  }
};

/// Opens what is left in `path` and holds it against what was acknowledged.
void examine(const std::string& path, const Workload& workload, const std::string& story) {
  FaultyDisk withoutRealFlushes;  // hundreds of restarts would spend seconds in them
  auto database = openSqlite({.path = path, .readers = 1});
  database->read([&](Transaction& s) {
    Rows check = s.query("PRAGMA integrity_check");
    ASSERT_TRUE(check.next());
    ASSERT_EQ(check.text(0), "ok") << story;
    Rows table = s.query("SELECT count(*) FROM sqlite_schema WHERE name = 'total'");
    table.next();
    if (table.integer(0) == 0) {
      EXPECT_TRUE(workload.acknowledged.empty()) << story;
      return;
    }
    std::set<int> present;
    for (Rows rows = s.query("SELECT n, count(*) FROM pair GROUP BY n"); rows.next();) {
      EXPECT_EQ(rows.integer(1), 2) << "half of " << rows.integer(0) << " is there: " << story;
      present.insert(static_cast<int>(rows.integer(0)));
    }
    for (int n : workload.acknowledged)
      EXPECT_TRUE(present.contains(n)) << n << " was acknowledged and is lost: " << story;
    EXPECT_FALSE(present.contains(-1)) << story;
    Rows total = s.query("SELECT value FROM total");
    ASSERT_TRUE(total.next());
    EXPECT_EQ(total.integer(0), static_cast<std::int64_t>(present.size())) << story;
  });
}

constexpr int writesInHalf = 7;

/// How many operations the workload takes when nothing fails.
std::int64_t operationsOfAnUndisturbedRun() {
  TemporaryFolder folder;
  FaultyDisk disk;
  disk.failAt(0, Fault::none, false);
  Workload workload{folder.path() + "/regesta.db", {}, {}};
  EXPECT_TRUE(workload.run(writesInHalf));
  EXPECT_EQ(workload.acknowledged.size(), 2U * writesInHalf);
  return disk.operations();
}

void sweep(Fault fault, bool onwards) {
  std::int64_t last = operationsOfAnUndisturbedRun();
  ASSERT_GT(last, 80);
  std::size_t refused = 0, acknowledged = 0;
  for (std::int64_t n = 1; n <= last; ++n) {
    TemporaryFolder folder, afterCut;
    std::string story = fmt::format("operation {} of {} failed{}", n, last, onwards ? ", and all behind it" : "");
    Workload workload{folder.path() + "/regesta.db", {}, {}};
    {
      FaultyDisk disk;
      disk.failAt(n, fault, onwards);
      workload.run(writesInHalf);
      refused += workload.refused.size();
      // The operator starts the server again on a disk that works, more is acknowledged, and then the power goes.
      disk.failAt(0, Fault::none, false);
      ASSERT_TRUE(workload.run(1, [&] { disk.cut(afterCut.path(), Survives::flushedOnly, 0); })) << story;
      acknowledged += workload.acknowledged.size();
    }
    examine(folder.path() + "/regesta.db", workload, story);
    examine(afterCut.path() + "/regesta.db", workload, story + ", then a restart, then a power cut");
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(refused, static_cast<std::size_t>(last) / 4);
  EXPECT_GT(acknowledged, static_cast<std::size_t>(last) * 4);
}

TEST(SqliteFault, EveryWriteAndFlushFailingOnce) { sweep(Fault::write, false); }
TEST(SqliteFault, EveryWriteAndFlushFailingFromThenOn) { sweep(Fault::write, true); }
TEST(SqliteFault, TheDiskFullAtEveryWriteOnce) { sweep(Fault::full, false); }
TEST(SqliteFault, TheDiskFullFromEveryWriteOn) { sweep(Fault::full, true); }

TEST(SqliteFault, APowerCutAtEveryWriteAndFlush) {
  std::int64_t last = operationsOfAnUndisturbedRun();
  auto seed = std::random_device{}();
  constexpr std::array outcomes = {Survives::flushedOnly, Survives::everything, Survives::randomPart,
                                   Survives::randomPart};
  for (std::int64_t n = 1; n <= last; ++n, seed += outcomes.size()) {
    TemporaryFolder folder;
    std::array<TemporaryFolder, outcomes.size()> after;
    Workload workload{folder.path() + "/regesta.db", {}, {}};
    {
      FaultyDisk disk;
      disk.failAt(n, Fault::powerCut, true);
      workload.run(writesInHalf);
      for (std::size_t i = 0; i < outcomes.size(); ++i)
        disk.cut(after[i].path(), outcomes[i], seed + static_cast<unsigned>(i));
    }
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      examine(after[i].path() + "/regesta.db", workload,
              fmt::format("the power went at operation {} of {}, seed {}", n, last, seed + i));
    if (HasFailure()) return;
  }
}

TEST(SqliteFault, AFullDiskIsSaidSoAndWorksAgainWhenThereIsRoom) {
  TemporaryFolder folder;
  FaultyDisk disk;
  auto database = openSqlite({.path = folder.path() + "/regesta.db", .logBytes = 64 * 1024});
  database->write([](Transaction& s) { s.run("CREATE TABLE item (n BIGINT PRIMARY KEY, load TEXT)"); });
  auto add = [&](int n) {
    database->write([&](Transaction& s) { s.run("INSERT INTO item VALUES ($1, $2)", {n, std::string(20'000, 'x')}); });
  };
  disk.setQuota(1'000'000);
  int stored = 0;
  std::string message = thrown(Code::unavailable, [&] {
    for (;; ++stored) add(stored);
  });
  EXPECT_EQ(message, "the disk that holds the database is full");
  EXPECT_GT(stored, 10);
  for (int i = 0; i < 5; ++i) thrown(Code::unavailable, [&] { add(1000 + i); });
  auto count = [&] {
    return database->reading([](Transaction& s) {
      Rows rows = s.query("SELECT count(*) FROM item");
      rows.next();
      return rows.integer(0);
    });
  };
  EXPECT_EQ(count(), stored);  // reading goes on
  disk.setQuota(0);
  add(5000);
  EXPECT_EQ(count(), stored + 1);
}

TEST(SqliteFault, AfterAFailedFlushNothingIsWrittenUntilTheRestart) {
  struct Case {
    std::size_t logBytes;
    FaultyDisk::Fault fault;
  };
  for (auto [logBytes, fault] :
       {Case{1 << 20, FaultyDisk::Fault::flushLog}, Case{4096, FaultyDisk::Fault::flushDatabase}}) {
    TemporaryFolder folder;
    FaultyDisk disk;
    auto open = [&] { return openSqlite({.path = folder.path() + "/regesta.db", .logBytes = logBytes}); };
    auto database = open();
    auto add = [&] { database->write([](Transaction& s) { s.run("INSERT INTO item VALUES (1)"); }); };
    database->write([](Transaction& s) { s.run("CREATE TABLE item (n BIGINT)"); });
    add();
    disk.failAt(1, fault, true);
    std::string message;
    for (int i = 0; i < 20 && message.empty(); ++i) {
      try {
        add();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      } catch (const Error& failure) {
        message = failure.message;
      }
    }
    message = thrown(Code::unavailable, add);
    EXPECT_NE(message.find("until the server is restarted"), std::string::npos) << message;
    disk.failAt(0, FaultyDisk::Fault::none, false);
    database.reset();
    database = open();
    add();
  }
}

}  // namespace
}  // namespace regesta::db
