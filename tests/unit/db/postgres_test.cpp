#include <functional>
#include <future>
#include <latch>
#include <thread>

#include "suite.h"

namespace regesta::db {
namespace {

class Postgres : public testing::Test {
 protected:
  void SetUp() override {
    database_ = openPostgres(clusterUrl());
    database_->write([](Transaction& s) {
      s.script(
          "DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE counter (id BIGINT PRIMARY KEY, value "
          "BIGINT);"
          "INSERT INTO counter VALUES (1, 0), (2, 0)");
    });
  }
  std::int64_t value(int id) {
    return database_->reading([&](Transaction& s) {
      Rows rows = s.query("SELECT value FROM counter WHERE id = $1", {id});
      rows.next();
      return rows.integer(0);
    });
  }
  /// Cuts every connection of `database_`, as a restart of the server or a broken network would.
  static void cutAll() {
    openPostgres(clusterUrl(), 1)->read([](Transaction& s) {  // a write would wait for its turn
      s.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
          "current_database()");
    });
  }
  std::unique_ptr<Database> database_;
};

TEST_F(Postgres, SaysWhatKeepsItFromConnecting) {
  std::string url = clusterUrl();
  std::string missing = url;
  missing.replace(missing.find("@/regesta"), 9, "@/nowhere");
  std::string message = thrown(Code::unavailable, [&] { openPostgres(missing); });
  EXPECT_NE(message.find("database \"nowhere\" does not exist"), std::string::npos) << message;
  EXPECT_NE(message.find("createdb"), std::string::npos) << message;
  message = thrown(Code::unavailable, [&] { openPostgres("postgresql://someone:secret@/regesta?host=/nonexistent"); });
  EXPECT_NE(message.find("/nonexistent"), std::string::npos) << message;
  EXPECT_EQ(message.find("secret"), std::string::npos) << message;
  message = thrown(Code::unavailable, [&] { openPostgres("postgresql://%zz"); });
  EXPECT_NE(message.find("percent-encoded"), std::string::npos) << message;
}

TEST_F(Postgres, ConnectsAgainAfterEveryConnectionWasCut) {
  for (int turn = 1; turn <= 3; ++turn) {
    std::vector<std::jthread> together;  // fills the pool
    for (int t = 0; t < 8; ++t) together.emplace_back([&] { value(1); });
    together.clear();
    cutAll();
    EXPECT_EQ(value(1), turn - 1);
    cutAll();
    database_->write([](Transaction& s) { s.run("UPDATE counter SET value = value + 1 WHERE id = 1"); });
    EXPECT_EQ(value(1), turn);
  }
}

TEST_F(Postgres, AWriteThatIsCutInTheMiddleHappensOnce) {
  int runs = 0;
  database_->write([&](Transaction& s) {
    s.run("UPDATE counter SET value = value + 1 WHERE id = 1");
    if (++runs == 1) cutAll();
    s.run("UPDATE counter SET value = value + 1 WHERE id = 2");
  });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(value(1), 1);
  EXPECT_EQ(value(2), 1);
}

TEST_F(Postgres, ListenersHearAgainAfterTheirConnectionWasCut) {
  std::promise<void> heard;
  std::atomic<bool> done{false};
  database_->listen("feed", [&](const std::string& payload) {
    if (payload == "after" && !done.exchange(true)) heard.set_value();
  });
  cutAll();
  auto future = heard.get_future();
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (future.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready &&
         std::chrono::steady_clock::now() < deadline)
    database_->notify("feed", "after");
  EXPECT_TRUE(done);
  database_.reset();
}

TEST_F(Postgres, WriteSkewBetweenServersIsPrevented) {
  // Both read both rows and write one: only a serializable order keeps the sum at one.
  auto other = openPostgres(clusterUrl());
  for (int round = 0; round < 30; ++round) {
    database_->write([](Transaction& s) { s.run("UPDATE counter SET value = 0"); });
    std::latch start(2);
    std::vector<std::jthread> both;
    for (int id : {1, 2})
      both.emplace_back([&, id] {
        start.arrive_and_wait();
        (id == 1 ? *database_ : *other).write([&](Transaction& s) {
          Rows rows = s.query("SELECT sum(value) FROM counter");
          rows.next();
          if (rows.integer(0) == 0) s.run("UPDATE counter SET value = 1 WHERE id = $1", {id});
        });
      });
    both.clear();
    ASSERT_EQ(value(1) + value(2), 1);
  }
}

/// Runs the functions so that they share a transaction: while `first` is being run the others queue.
void writeTogether(Database& database, std::vector<std::function<void(Transaction&)>> functions,
                   std::vector<std::exception_ptr>& failures) {
  failures.assign(functions.size(), nullptr);
  std::latch running(1);
  std::atomic<bool> go{false};
  std::jthread blocker([&] {
    database.write([&](Transaction&) {
      running.count_down();
      go.wait(false);
    });
  });
  running.wait();
  std::vector<std::jthread> threads;
  std::atomic<std::size_t> queued{0};
  for (std::size_t i = 0; i < functions.size(); ++i) {
    threads.emplace_back([&, i] {
      queued = i + 1;
      try {
        database.write(functions[i]);
      } catch (...) {
        failures[i] = std::current_exception();
      }
    });
    while (queued <= i) std::this_thread::yield();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the last one is on its way into the queue
  go = true;
  go.notify_all();
}

TEST_F(Postgres, ABatchThatTheCommitRefusesHarmsOnlyTheOneThatIsWrong) {
  database_->write([](Transaction& s) {
    s.run("CREATE TABLE later (id BIGINT REFERENCES counter (id) DEFERRABLE INITIALLY DEFERRED)");
  });
  std::vector<std::exception_ptr> failures;
  auto insert = [](int id) { return [id](Transaction& s) { s.run("INSERT INTO later VALUES ($1)", {id}); }; };
  writeTogether(*database_, {insert(1), insert(77), insert(2)}, failures);
  EXPECT_EQ(failures[0], nullptr);
  EXPECT_NE(failures[1], nullptr);
  EXPECT_EQ(failures[2], nullptr);
  thrown(Code::invalid, [&] { std::rethrow_exception(failures[1]); });
  EXPECT_EQ(database_->reading([](Transaction& s) {
    Rows rows = s.query("SELECT count(*) FROM later");
    rows.next();
    return rows.integer(0);
  }),
            2);
}

TEST_F(Postgres, ABatchThatIsCutIsRepeatedAsAWhole) {
  std::vector<std::exception_ptr> failures;
  std::atomic<int> runs{0};
  auto add = [](Transaction& s) { s.run("UPDATE counter SET value = value + 1 WHERE id = 1"); };
  auto cut = [&](Transaction& s) {
    add(s);
    if (++runs == 1) cutAll();
    add(s);
  };
  auto refuse = [&](Transaction& s) {
    add(s);
    throw std::runtime_error("own");
  };
  writeTogether(*database_, {add, refuse, cut, add, refuse}, failures);
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(value(1), 4);
  for (int good : {0, 2, 3}) EXPECT_EQ(failures[static_cast<std::size_t>(good)], nullptr);
  for (int bad : {1, 4}) EXPECT_NE(failures[static_cast<std::size_t>(bad)], nullptr);
}

TEST_F(Postgres, AFunctionThatThrowsBeforeItsFirstStatementLeavesItsNeighboursAlone) {
  std::vector<std::exception_ptr> failures;
  auto add = [](Transaction& s) { s.run("UPDATE counter SET value = value + 1 WHERE id = 1"); };
  auto nothing = [](Transaction&) {};
  auto refuse = [](Transaction&) { throw std::runtime_error("own"); };
  auto wrong = [](Transaction& s) { s.run("INSERT INTO counter VALUES (1, 0)"); };
  writeTogether(*database_, {refuse, add, nothing, wrong, refuse, add, wrong, nothing}, failures);
  EXPECT_EQ(value(1), 2);
  for (std::size_t i = 0; i < failures.size(); ++i)
    EXPECT_EQ(failures[i] != nullptr, i == 0 || i == 3 || i == 4 || i == 6) << i;
}

TEST_F(Postgres, AFailureThatShowsAfterItsFunctionHasReturnedHarmsOnlyItsFunction) {
  std::vector<std::exception_ptr> failures;
  auto add = [](Transaction& s) { s.run("UPDATE counter SET value = value + 1 WHERE id = 1"); };
  auto send = [](Transaction& s) {
    s.query("SELECT 1");
    s.send("UPDATE counter SET value = value + 10 WHERE id = 1");
  };
  auto wrong = [](Transaction& s) {
    s.query("SELECT 1");
    s.send("INSERT INTO counter VALUES (1, 0)");
  };
  for (int round = 1; round <= 3; ++round) {  // after the first, each has a savepoint
    writeTogether(*database_, {add, send, wrong, add, wrong, send, wrong}, failures);
    EXPECT_EQ(value(1), 22 * round);
    for (std::size_t i = 0; i < failures.size(); ++i) {
      bool bad = i == 2 || i == 4 || i == 6;
      ASSERT_EQ(failures[i] != nullptr, bad) << i;
      if (bad) thrown(Code::exists, [&] { std::rethrow_exception(failures[i]); });
    }
  }
}

TEST_F(Postgres, WhatWasSentBeforeACutHappensOnce) {
  int step = 0;
  database_->write([&](Transaction& s) {
    auto cutOnce = [&](int at) {
      if (step == at) cutAll(), ++step;
    };
    s.send("UPDATE counter SET value = value + 1 WHERE id = 1");
    cutOnce(0);  // nothing has been answered yet
    s.send("UPDATE counter SET value = value + 1 WHERE id = 1");
    s.query("SELECT 1");
    s.send("UPDATE counter SET value = value + 1 WHERE id = 2");
    cutOnce(1);
    s.query("SELECT 1");
    s.send("UPDATE counter SET value = value + 1 WHERE id = 2");
  });
  EXPECT_EQ(step, 2);
  EXPECT_EQ(value(1), 2);
  EXPECT_EQ(value(2), 2);
  std::vector<std::exception_ptr> failures;
  std::atomic<int> cuts{0};
  auto send = [](Transaction& s) { s.send("UPDATE counter SET value = value + 1 WHERE id = 1"); };
  auto cut = [&](Transaction& s) {
    s.send("UPDATE counter SET value = value + 1 WHERE id = 1");
    if (++cuts <= 2) cutAll();
  };
  writeTogether(*database_, {send, cut, send, cut, send}, failures);
  EXPECT_EQ(value(1), 7);
  for (const auto& failure : failures) EXPECT_EQ(failure, nullptr);
}

TEST_F(Postgres, AReadAfterACutIsSentAgain) {
  auto sum = [&] {
    return database_->readingOnce([](Transaction& s) {
      Rows one = s.send("SELECT value FROM counter WHERE id = $1", {1});
      Rows two = s.send("SELECT value FROM counter WHERE id = $1", {2});
      EXPECT_TRUE(one.next() && two.next());
      return one.integer(0) + two.integer(0);
    });
  };
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_EQ(sum(), 0);
    cutAll();
  }
}

/// Statements that are waited for once see one snapshot, without BEGIN.
TEST_F(Postgres, StatementsOfOneRoundTripSeeOneSnapshot) {
  auto other = openPostgres(clusterUrl());
  std::latch blocked(1);
  std::jthread writer([&] {
    other->write([&](Transaction& s) {
      s.query("SELECT pg_advisory_xact_lock(77)");
      s.run("UPDATE counter SET value = 5");
      blocked.count_down();
      for (bool waiting = false; !waiting;) {
        Rows rows = s.query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND NOT granted");
        waiting = rows.next() && rows.integer(0) > 0;
      }
    });
  });
  blocked.wait();
  database_->readOnce([](Transaction& s) {
    Rows before = s.send("SELECT value FROM counter WHERE id = 1");
    Rows lock = s.send("SELECT pg_advisory_xact_lock_shared(77)");
    Rows after = s.send("SELECT value FROM counter WHERE id = 2");
    ASSERT_TRUE(before.next() && after.next());
    EXPECT_EQ(before.integer(0), 0);
    EXPECT_EQ(after.integer(0), 0);
  });
  writer.join();
  EXPECT_EQ(value(2), 5);
}

TEST_F(Postgres, AWriterThatHangsLosesItsTurn) {
  auto other = openPostgres(clusterUrl());
  int runs = 0;
  database_->write([&](Transaction& s) {
    s.run("UPDATE counter SET value = value + 1 WHERE id = 1");
    if (++runs > 1) return;
    s.run("SET LOCAL idle_in_transaction_session_timeout = 50");
    other->write([](Transaction& own) { own.run("UPDATE counter SET value = value + 10 WHERE id = 1"); });
    s.run("UPDATE counter SET value = value + 1 WHERE id = 2");
  });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(value(2), 0);
  EXPECT_EQ(value(1), 11);
}

TEST_F(Postgres, AnErrorConflictOfTheFunctionItselfIsNotRepeated) {
  int runs = 0;
  thrown(Code::conflict, [&] {
    database_->write([&](Transaction&) {
      ++runs;
      throw Error(Code::conflict, "the state has moved on");
    });
  });
  EXPECT_EQ(runs, 1);
}

TEST_F(Postgres, BackupNamesThePlaceToGo) {
  EXPECT_NE(thrown(Code::unsupported, [&] { database_->backup("x"); }).find("pg_dump"), std::string::npos);
}

TEST_F(Postgres, DurableEvenWhereTheServerIsTunedNotToBe) {
  database_->write([](Transaction& s) {
    Rows rows = s.query("SHOW synchronous_commit");  // the cluster of these tests has it off
    rows.next();
    EXPECT_EQ(rows.text(0), "on");
  });
}

TEST_F(Postgres, MoreThreadsThanConnections) {
  auto small = openPostgres(clusterUrl(), 2);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 12; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i)
        small->write([](Transaction& s) { s.run("UPDATE counter SET value = value + 1 WHERE id = 1"); });
    });
  threads.clear();
  EXPECT_EQ(value(1), 60);
}

}  // namespace
}  // namespace regesta::db
