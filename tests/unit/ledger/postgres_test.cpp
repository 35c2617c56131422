// Two processes on one PostgreSQL database, each with a handle, a log and a folder of its own.
#include "support/postgres.h"
#include "base/time.h"
#include "fixture.h"
#include "support/temporary_folder.h"

namespace regesta::ledger {
namespace {

class PostgresLedgerTest : public testing::Test {
 protected:
  struct Process {
    std::unique_ptr<db::Database> database;
    std::unique_ptr<Log> log;
  };
  void SetUp() override {
    setLogLevel(LogLevel::error);
    database_ = emptyPostgres();
    db::migrate(*database_);
  }

  std::string folderOf(int number) const { return fmt::format("{}/{}-{}", base_.path(), run_, number); }
  Process process(int number) {
    Process made{db::openPostgres(clusterUrl()), nullptr};
    made.log = std::make_unique<Log>(*made.database,
                                     Log::Options{.origin = verifier().name, .key = key_, .folder = folderOf(number)});
    made.log->recover();
    return made;
  }
  VerifierKey verifier() const { return {"example.com/test-ledger", key_.publicKey}; }
  std::int64_t append(db::Database& database, int number) const {
    return database.writing([&](db::Transaction& transaction) {
      return ledger::append(transaction,
                            {.action = "tag.set",
                             .actor = "user:anna",
                             .workspace = "default",
                             .subject = fmt::format("model/m-{}", number),
                             .data = {{"to", number}}},
                            pendingKey(key_.seed));
    });
  }
  static std::string findingsOf(const Report& report) {
    std::string all;
    for (const auto& finding : report.findings) all += finding.what + "\n";
    return all;
  }

  TemporaryFolder base_;
  std::string run_ = randomHex(4);
  crypto::KeyPair key_ = crypto::generateKeyPair();
  std::unique_ptr<db::Database> database_;
};

TEST_F(PostgresLedgerTest, TwoProcessesWriteAndIntegrateAtOnce) {
  Process first = process(1), second = process(2);
  first.log->start();
  second.log->start();
  std::vector<std::thread> writers;
  std::atomic<int> wrong{0};
  for (int w = 0; w < 8; ++w) {
    writers.emplace_back([&, w] {
      Process& mine = w % 2 ? first : second;
      Process& other = w % 2 ? second : first;
      for (int i = 0; i < 50; ++i) {
        std::int64_t id = append(*mine.database, w * 50 + i);
        mine.log->wake();
        if (i % 10 != 0) continue;
        auto index = other.log->indexOf(id, 10'000);
        if (!index || !verifyReceipt(other.log->receipt(*index), mine.log->entry(*index)->disclosure(), verifier()))
          ++wrong;
      }
    });
  }
  for (auto& writer : writers) writer.join();
  for (Process* each : {&first, &second}) each->log->stop();
  for (Process* each : {&first, &second}) {
    while (each->log->integrate() > 0) {
    }
  }
  EXPECT_EQ(wrong, 0);
  Report report = verifyDatabase(*database_, verifier());
  EXPECT_EQ(findingsOf(report), "");
  EXPECT_EQ(report.entries, 400);
  EXPECT_EQ(report.waiting, 0);
  for (int number : {1, 2}) {
    Report folder = verifyFolder(folderOf(number), verifier());
    EXPECT_EQ(findingsOf(folder), "");
    EXPECT_EQ(folder.checkpoint, report.checkpoint);
  }
}

TEST_F(PostgresLedgerTest, AnEntryThatCommitsLateIsNeitherLostNorOlderThanItsPredecessor) {
  Process one = process(1);
  std::int64_t early = 0;
  database_->write([&](db::Transaction& transaction) {
    early = ledger::append(
        transaction,
        {.action = "tag.set", .actor = "user:slow", .workspace = "default", .subject = "model/slow", .data = {}},
        pendingKey(key_.seed));
    transaction.script(
        fmt::format("CREATE TABLE held AS SELECT * FROM ledger_entry WHERE id = {0}; "
                    "DELETE FROM ledger_entry WHERE id = {0}",
                    early));
  });
  // Before that entry can be seen, a later one commits and is integrated. Servers write one after the other, so only a
  // server without that rule (or another clock) does this.
  append(*one.database, 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  one.log->integrate();
  database_->write([](db::Transaction& transaction) {
    transaction.script(
        "INSERT INTO ledger_entry (id, time, body, salt, mac) SELECT id, time, body, salt, mac FROM held"
        "; DROP TABLE held");
  });
  EXPECT_EQ(one.log->size(), 1);
  EXPECT_EQ(one.log->integrate(), 1u);
  EXPECT_EQ(one.log->indexOf(early, 0), 1);
  auto timeOf = [&](std::int64_t index) {
    return std::string(parseJson(one.log->entry(index)->body).at("time").as_string());
  };
  EXPECT_GE(timeOf(1), timeOf(0));
  EXPECT_EQ(findingsOf(verifyDatabase(*database_, verifier())), "");
}

TEST_F(PostgresLedgerTest, TamperingIsNamedAndAStartRefusesIt) {
  Process one = process(1);
  for (int i = 0; i < 20; ++i) append(*database_, i);
  one.log->integrate();
  database_->write([](db::Transaction& transaction) {
    transaction.run("UPDATE ledger_entry SET body = REPLACE(body, 'anna', 'mark') WHERE idx = 17");
  });
  Report report = verifyDatabase(*database_, verifier());
  ASSERT_EQ(report.findings.size(), 1u) << findingsOf(report);
  EXPECT_TRUE(report.findings[0].what.starts_with("entry 17 (tag.set on model/m-17): its bytes hash to "));
  EXPECT_THROW(process(1), Error);
}

// A statement that reads the whole log to find a few rows would be slow only with millions of entries; the plan shows
// it now.
TEST_F(PostgresLedgerTest, QueriesUseTheirIndexes) {
  Process one = process(1);
  database_->write([](db::Transaction& transaction) {
    transaction.run(
        "INSERT INTO ledger_entry (idx, time, body) SELECT n, n, '{}' FROM generate_series(0, 20000) AS series (n)");
    transaction.run("ANALYZE ledger_entry");
  });
  for (const char* sql :
       {"SELECT id, time, body, salt, mac FROM ledger_entry WHERE idx IS NULL AND refused IS NULL "
        "ORDER BY id LIMIT 4096",
        "SELECT idx, body FROM ledger_entry WHERE idx >= 300 AND idx < 556 ORDER BY idx",
        "SELECT id, body FROM ledger_entry WHERE idx = 17",
        "SELECT idx FROM ledger_entry WHERE idx IS NOT NULL ORDER BY idx DESC LIMIT 1",
        "UPDATE ledger_entry SET idx = id - 1, mac = '' WHERE id >= 30 AND id < 90 AND idx IS NULL AND "
        "refused IS NULL"}) {
    std::string plan;
    database_->write([&](db::Transaction& transaction) {
      db::Rows rows = transaction.query(std::string("EXPLAIN ") + sql);
      while (rows.next()) plan += rows.text(0) + "\n";
    });
    EXPECT_EQ(plan.find("Seq Scan"), std::string::npos) << sql << "\n" << plan;
  }
}

}  // namespace
}  // namespace regesta::ledger
