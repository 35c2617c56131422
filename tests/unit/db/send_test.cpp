#include <latch>
#include <thread>

#include "base/error.h"
#include "db/migrate.h"
#include "suite.h"

namespace regesta::db {
namespace {

class Send : public Suite {
 protected:
  void SetUp() override {
    Suite::SetUp();
    migrate(database(), {{"0001_things", "CREATE TABLE thing (id $ID, name TEXT NOT NULL UNIQUE, body $BYTES)"}});
  }
};
REGESTA_ON_BOTH(Send);

constexpr const char* insertThing = "INSERT INTO thing (name) VALUES ($1) RETURNING id";

TEST_P(Send, StatementsHappenInTheirOrder) {
  database().write([](Transaction& s) {
    s.send(insertThing, {"a"});
    s.send("UPDATE thing SET name = 'b' WHERE name = 'a'");
    Rows rows = s.query("SELECT name FROM thing");
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.text(0), "b");
    s.send("UPDATE thing SET name = 'c' WHERE name = 'b'");
  });
  EXPECT_EQ(text("SELECT name FROM thing"), "c");
}

TEST_P(Send, ResultsAreReadInAnyOrder) {
  database().write([](Transaction& s) {
    Rows first = s.send(insertThing, {"a"}), second = s.send(insertThing, {"b"});
    Rows all = s.send("SELECT name FROM thing ORDER BY name");
    ASSERT_TRUE(all.next());
    ASSERT_TRUE(second.next());
    ASSERT_TRUE(first.next());
    EXPECT_EQ(second.integer(0), first.integer(0) + 1);
    EXPECT_EQ(all.text(0), "a");
    ASSERT_TRUE(all.next());
    EXPECT_EQ(all.text(0), "b");
    EXPECT_FALSE(first.next() || second.next() || all.next());
  });
}

TEST_P(Send, ParametersNeedNotOutliveTheCall) {
  database().write([](Transaction& s) {
    for (int i = 0; i < 100; ++i) {
      std::string name(50, static_cast<char>('0' + i % 10)), body("\0\1\2", 3);
      name += std::to_string(i);
      s.send("INSERT INTO thing (name, body) VALUES ($1, $2)", {name, Bytes{body}});
      name.assign(name.size(), '#');
      body.assign(body.size(), '#');
    }
  });
  EXPECT_EQ(number("SELECT count(*) FROM thing WHERE name LIKE '%#%'"), 0);
  EXPECT_EQ(number("SELECT count(*) FROM thing WHERE body = $1", {Bytes{std::string_view("\0\1\2", 3)}}), 100);
}

TEST_P(Send, AnyNumberMayBeSent) {
  std::string large(10'000, 'x');
  database().write([&](Transaction& s) {
    for (int i = 0; i < 2000; ++i) s.send(insertThing, {std::to_string(i) + (i % 10 == 0 ? large : "")});
  });
  EXPECT_EQ(number("SELECT count(*) FROM thing"), 2000);
}

TEST_P(Send, AFailureReachesTheCallerOfWrite) {
  run("INSERT INTO thing (name) VALUES ('taken')");
  thrown(Code::exists, [&] {
    database().write([](Transaction& s) {
      s.send(insertThing, {"free"});
      s.send(insertThing, {"taken"});
    });
  });
  thrown(Code::exists, [&] {
    database().write([](Transaction& s) {
      s.send(insertThing, {"taken"});
      s.query("SELECT 1");
    });
  });
  thrown(Code::exists, [&] {
    database().write([](Transaction& s) {
      Rows rows = s.send(insertThing, {"taken"});
      rows.next();
    });
  });
  EXPECT_EQ(number("SELECT count(*) FROM thing"), 1);
}

TEST_P(Send, NothingFollowsAFailure) {
  run("INSERT INTO thing (name) VALUES ('taken')");
  thrown(Code::internal, [&] {
    database().write([](Transaction& s) {
      thrown(Code::exists, [&] {
        Rows rows = s.send(insertThing, {"taken"});
        rows.next();
      });
      s.send(insertThing, {"more"});
    });
  });
  thrown(Code::invalid,
         [&] { database().write([](Transaction& s) { s.send(insertThing, {std::string_view("\xff", 1)}); }); });
  EXPECT_EQ(number("SELECT count(*) FROM thing"), 1);
}

TEST_P(Send, NothingStaysOfAFunctionThatThrows) {
  for (bool waits : {false, true})
    EXPECT_THROW(database().write([&](Transaction& s) {
      s.send(insertThing, {"gone"});
      if (waits) s.query("SELECT 1");
      s.send(insertThing, {"also gone"});
      throw std::runtime_error("own");
    }),
                 std::runtime_error);
  EXPECT_EQ(number("SELECT count(*) FROM thing"), 0);
}

TEST_P(Send, EachOfManyWritersGetsItsOwnFailure) {
  run("INSERT INTO thing (name) VALUES ('taken')");
  constexpr int threads = 24, each = 20;
  std::latch start(threads);
  std::atomic<int> refused{0};
  std::vector<std::jthread> workers;
  for (int t = 0; t < threads; ++t)
    workers.emplace_back([&, t] {
      start.arrive_and_wait();
      for (int i = 0; i < each; ++i) try {
          database().write([&](Transaction& s) {
            s.query("SELECT count(*) FROM thing WHERE name = 'taken'");
            s.send(insertThing, {fmt::format("{}-{}", t, i)});
            if (t % 4 == 1 && i % 5 == 1) s.send(insertThing, {"taken"});
          });
          EXPECT_FALSE(t % 4 == 1 && i % 5 == 1);
        } catch (const Error& failure) {
          EXPECT_EQ(failure.code, Code::exists);
          EXPECT_TRUE(t % 4 == 1 && i % 5 == 1);
          ++refused;
        }
    });
  workers.clear();
  EXPECT_EQ(refused, threads / 4 * each / 5);
  EXPECT_EQ(number("SELECT count(*) FROM thing"), 1 + threads * each - refused);
}

TEST_P(Send, AReadThatWaitsOnce) {
  run("INSERT INTO thing (name) VALUES ('a')");
  auto names = [&] {
    return database().readingOnce([](Transaction& s) {
      Rows one = s.send("SELECT name FROM thing WHERE name = $1", {std::string("a")});
      Rows count = s.send("SELECT count(*) FROM thing");
      std::string name = one.next() ? one.text(0) : "none";
      return name + (count.next() ? count.text(0) : "");
    });
  };
  EXPECT_EQ(names(), "a1");
  run("INSERT INTO thing (name) VALUES ('b')");
  EXPECT_EQ(names(), "a2");
  thrown(Code::internal, [&] {
    database().readOnce([](Transaction& s) { s.query("INSERT INTO thing (name) VALUES ('c') RETURNING id"); });
  });
  thrown(Code::internal, [&] { database().readOnce([](Transaction& s) { s.query("SELECT nothing FROM nowhere"); }); });
  EXPECT_EQ(names(), "a2");
  // A later statement is allowed.
  database().readOnce([](Transaction& s) {
    Rows first = s.query("SELECT 1");
    Rows second = s.query("SELECT count(*) FROM thing");
    ASSERT_TRUE(first.next() && second.next());
    EXPECT_EQ(second.integer(0), 2);
  });
}

}  // namespace
}  // namespace regesta::db
