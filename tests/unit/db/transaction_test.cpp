#include <future>
#include <latch>
#include <thread>

#include "base/error.h"
#include "db/migrate.h"
#include "suite.h"

namespace regesta::db {
namespace {

class Transactions : public Suite {
 protected:
  void SetUp() override {
    Suite::SetUp();
    migrate(database(), {{"0001_things",
                          "CREATE TABLE owner (id $ID, name TEXT NOT NULL UNIQUE, age BIGINT CHECK (age >= 0));"
                          "CREATE TABLE thing (id $ID, owner BIGINT NOT NULL REFERENCES owner (id), kind TEXT NOT "
                          "NULL, name TEXT NOT NULL,"
                          " UNIQUE (kind, name));"
                          "CREATE TABLE later (owner BIGINT REFERENCES owner (id) DEFERRABLE INITIALLY DEFERRED);"
                          "CREATE TABLE counter (id BIGINT PRIMARY KEY, value BIGINT NOT NULL);"
                          "INSERT INTO counter VALUES (1, 0); INSERT INTO owner (name) VALUES ('first')"}});
  }
};
REGESTA_ON_BOTH(Transactions);

TEST_P(Transactions, ConstraintsSayWhatIsWrong) {
  run("INSERT INTO thing (owner, kind, name) VALUES (1, 'model', 'risk')");
  auto attempt = [&](Code code, const std::string& sql) { return thrown(code, [&] { run(sql); }); };
  EXPECT_EQ(attempt(Code::exists, "INSERT INTO owner (name) VALUES ('first')"),
            "there is already a record in owner with this name");
  EXPECT_EQ(attempt(Code::exists, "INSERT INTO thing (owner, kind, name) VALUES (1, 'model', 'risk')"),
            "there is already a record in thing with this kind, name");
  EXPECT_EQ(attempt(Code::exists, "INSERT INTO counter VALUES (1, 5)"),
            "there is already a record in counter with this id");
  attempt(Code::invalid, "INSERT INTO thing (owner, kind, name) VALUES (77, 'model', 'x')");
  attempt(Code::invalid, "DELETE FROM owner WHERE id = 1");
  attempt(Code::invalid, "INSERT INTO owner (name, age) VALUES ('x', -1)");
  attempt(Code::invalid, "INSERT INTO owner (age) VALUES (3)");
  attempt(Code::internal, "INSERT INTO nowhere VALUES (1)");
  attempt(Code::internal, "not SQL at all");
  EXPECT_EQ(number("SELECT count(*) FROM owner"), 1);
}

TEST_P(Transactions, ReturningTellsOfABrokenReferenceToWhoReadsOnlyOneRow) {
  thrown(Code::invalid, [&] {
    database().write(
        [](Transaction& s) { s.insert("INSERT INTO thing (owner, kind, name) VALUES (77, 'a', 'b') RETURNING id"); });
  });
  // A reference that is checked at the commit harms its own transaction only.
  thrown(Code::invalid, [&] { run("INSERT INTO later VALUES (77)"); });
  run("INSERT INTO later VALUES (1)");
  EXPECT_EQ(number("SELECT count(*) FROM later"), 1);
}

TEST_P(Transactions, InsertGivesTheIdAndRunTheCount) {
  database().write([](Transaction& s) {
    std::int64_t id = s.insert("INSERT INTO owner (name) VALUES ($1) RETURNING id", {"second"});
    EXPECT_GT(id, 0);
    EXPECT_EQ(s.run("INSERT INTO thing (owner, kind, name) VALUES ($1, 'a', 'x'), ($1, 'a', 'y')", {id}), 2);
    EXPECT_EQ(s.run("UPDATE thing SET kind = 'b' WHERE name = $1", {"x"}), 1);
    EXPECT_EQ(s.run("UPDATE thing SET kind = 'b' WHERE name = $1", {"nobody"}), 0);
    EXPECT_EQ(s.run("INSERT INTO thing (owner, kind, name) VALUES (1, 'b', 'x') ON CONFLICT DO NOTHING"), 0);
    EXPECT_EQ(s.run("CREATE TABLE extra (a BIGINT)"), 0);
    EXPECT_EQ(s.run("SELECT * FROM thing"), 0);
    EXPECT_EQ(s.run("DELETE FROM thing"), 2);
  });
}

TEST_P(Transactions, ChangesHappenEvenWhenNobodyReadsTheirRows) {
  database().write([](Transaction& s) { s.query("INSERT INTO owner (name) VALUES ('unread') RETURNING id"); });
  EXPECT_EQ(number("SELECT count(*) FROM owner WHERE name = 'unread'"), 1);
}

TEST_P(Transactions, NothingStaysOfAFunctionThatThrows) {
  struct Own {
    int number;
  };
  try {
    database().write([](Transaction& s) {
      s.run("INSERT INTO owner (name) VALUES ('gone')");
      throw Own{42};
    });
    FAIL() << "the exception was lost";
  } catch (const Own& own) {
    EXPECT_EQ(own.number, 42);
  }
  EXPECT_EQ(number("SELECT count(*) FROM owner WHERE name = 'gone'"), 0);
  run("INSERT INTO owner (name) VALUES ('after')");
}

TEST_P(Transactions, AFailedStatementEndsItsTransaction) {
  thrown(Code::internal, [&] {
    database().write([](Transaction& s) {
      s.run("INSERT INTO owner (name) VALUES ('half')");
      thrown(Code::exists, [&] { s.run("INSERT INTO owner (name) VALUES ('first')"); });
      // Swallowed, and the function ends as if all were well.
    });
  });
  thrown(Code::internal, [&] {
    database().write([](Transaction& s) {
      thrown(Code::exists, [&] { s.run("INSERT INTO owner (name) VALUES ('first')"); });
      s.run("INSERT INTO owner (name) VALUES ('more')");
    });
  });
  EXPECT_EQ(number("SELECT count(*) FROM owner"), 1);
}

TEST_P(Transactions, AFunctionCannotEndItsTransaction) {
  thrown(Code::internal, [&] {
    database().write([](Transaction& s) {
      s.run("INSERT INTO owner (name) VALUES ('smuggled')");
      s.script("ROLLBACK");
      s.run("INSERT INTO owner (name) VALUES ('outside')");
    });
  });
  run("INSERT INTO owner (name) VALUES ('next')");
  EXPECT_EQ(number("SELECT count(*) FROM owner"), 2);
}

TEST_P(Transactions, ReadingCannotWrite) {
  thrown(Code::internal,
         [&] { database().read([](Transaction& s) { s.run("INSERT INTO owner (name) VALUES ('x')"); }); });
  EXPECT_EQ(number("SELECT count(*) FROM owner"), 1);
}

TEST_P(Transactions, ConcurrentIncrementsAreAllCounted) {
  constexpr int threads = 16, each = 25;
  std::vector<std::jthread> workers;
  for (int t = 0; t < threads; ++t)
    workers.emplace_back([&] {
      for (int i = 0; i < each; ++i)
        database().write([](Transaction& s) {
          Rows rows = s.query("SELECT value FROM counter WHERE id = 1");
          rows.next();
          s.run("UPDATE counter SET value = $1 WHERE id = 1", {rows.integer(0) + 1});
        });
    });
  workers.clear();
  EXPECT_EQ(number("SELECT value FROM counter"), threads * each);
}

TEST_P(Transactions, AReaderSeesOneMoment) {
  std::promise<void> started, changed;
  std::thread writer([&] {
    started.get_future().wait();
    run("UPDATE counter SET value = 9");
    run("INSERT INTO owner (name) VALUES ('later')");
    changed.set_value();
  });
  database().read([&](Transaction& s) {
    auto value = [&] {
      Rows rows = s.query("SELECT value, (SELECT count(*) FROM owner) FROM counter");
      rows.next();
      return std::pair(rows.integer(0), rows.integer(1));
    };
    EXPECT_EQ(value(), std::pair(std::int64_t{0}, std::int64_t{1}));
    started.set_value();
    changed.get_future().wait();
    EXPECT_EQ(value(), std::pair(std::int64_t{0}, std::int64_t{1}));
    // A nested read uses the outer read's connection, so a pool of one cannot deadlock.
    database().read([&](Transaction& inner) { EXPECT_EQ(&inner, &s); });
  });
  writer.join();
  EXPECT_EQ(number("SELECT value FROM counter"), 9);
}

TEST_P(Transactions, OneThatThrowsDoesNotHarmTheOthers) {
  constexpr int threads = 24, each = 20;
  std::latch start(threads);
  std::atomic<int> refused{0}, thrownByCaller{0};
  std::vector<std::jthread> workers;
  for (int t = 0; t < threads; ++t)
    workers.emplace_back([&, t] {
      start.arrive_and_wait();
      for (int i = 0; i < each; ++i) {
        try {
          database().write([&](Transaction& s) {
            s.run("INSERT INTO owner (name) VALUES ($1)", {fmt::format("{}-{}", t, i)});
            if (t % 3 == 1) s.run("INSERT INTO owner (name) VALUES ('first')");
            if (t % 3 == 2) throw std::runtime_error("own");
          });
        } catch (const Error& failure) {
          EXPECT_EQ(failure.code, Code::exists);
          ++refused;
        } catch (const std::runtime_error&) {
          ++thrownByCaller;
        }
      }
    });
  workers.clear();
  EXPECT_EQ(refused, threads / 3 * each);
  EXPECT_EQ(thrownByCaller, threads / 3 * each);
  EXPECT_EQ(number("SELECT count(*) FROM owner"), 1 + threads / 3 * each);
  EXPECT_EQ(number("SELECT count(*) FROM owner WHERE name LIKE '1-%'"), 0);
}

TEST_P(Transactions, WhatIsAcknowledgedIsSeenByEveryOtherHandle) {
  auto other = open();
  for (int i = 1; i <= 20; ++i) {
    run("UPDATE counter SET value = $1", {i});
    other->read([&](Transaction& s) {
      Rows rows = s.query("SELECT value FROM counter");
      rows.next();
      EXPECT_EQ(rows.integer(0), i);
    });
  }
}

TEST_P(Transactions, TwoHandlesWriteTogether) {
  auto other = open();
  auto fill = [](Database& into, const char* who) {
    for (int i = 0; i < 50; ++i)
      into.write([&](Transaction& s) {
        s.run("INSERT INTO owner (name) VALUES ($1)", {fmt::format("{}{}", who, i)});
        s.run("UPDATE counter SET value = value + 1");
      });
  };
  std::thread second([&] { fill(*other, "b"); });
  fill(database(), "a");
  second.join();
  EXPECT_EQ(number("SELECT value FROM counter"), 100);
  EXPECT_EQ(number("SELECT count(*) FROM owner"), 101);
}

TEST_P(Transactions, NewsReachesEveryListener) {
  auto other = open();
  std::promise<std::string> here, there;
  database().listen("Change's \"feed\"", [&](const std::string& payload) { here.set_value(payload); });
  if (!onSqlite()) other->listen("Change's \"feed\"", [&](const std::string& payload) { there.set_value(payload); });
  database().notify("another", "not for us");
  database().notify("Change's \"feed\"", "grüezi");
  auto heard = [](std::promise<std::string>& promise) {
    auto future = promise.get_future();
    return future.wait_for(std::chrono::seconds(60)) == std::future_status::ready ? future.get() : "nothing";
  };
  EXPECT_EQ(heard(here), "grüezi");
  if (!onSqlite()) EXPECT_EQ(heard(there), "grüezi");
  thrown(Code::invalid, [&] { database().notify("x", std::string(8000, 'x')); });
  thrown(Code::invalid, [&] { database().notify("", "x"); });
  other.reset();
}

}  // namespace
}  // namespace regesta::db
