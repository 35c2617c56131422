#include "base/error.h"
#include "suite.h"

namespace regesta::db {
namespace {

class Statements : public Suite {
 protected:
  void SetUp() override {
    Suite::SetUp();
    run("CREATE TABLE number (n BIGINT PRIMARY KEY)");
    database().write([](Transaction& s) {
      for (int i = 1; i <= 5; ++i) s.run("INSERT INTO number VALUES ($1)", {i});
    });
  }
};
REGESTA_ON_BOTH(Statements);

TEST_P(Statements, TheSameTextMayBeOpenSeveralTimes) {
  const char* sql = "SELECT n FROM number WHERE n >= $1 ORDER BY n";
  database().read([&](Transaction& s) {
    std::string seen;
    for (Rows outer = s.query(sql, {4}); outer.next();) {
      seen += outer.text(0) + ":";
      for (Rows inner = s.query(sql, {outer.integer(0)}); inner.next();) {
        seen += inner.text(0);
        for (Rows third = s.query(sql, {5}); third.next();) seen += "(" + third.text(0) + ")";
      }
      seen += " ";
    }
    EXPECT_EQ(seen, "4:4(5)5(5) 5:5(5) ");
  });
}

TEST_P(Statements, WritingWhileReadingInOneTransaction) {
  database().write([](Transaction& s) {
    for (Rows rows = s.query("SELECT n FROM number WHERE n <= 5 ORDER BY n"); rows.next();)
      s.run("INSERT INTO number VALUES ($1)", {rows.integer(0) + 100});
  });
  EXPECT_EQ(number("SELECT count(*) FROM number"), 10);
}

TEST_P(Statements, RowsThatAreLeftEarlyCanBeAskedForAgain) {
  database().read([](Transaction& s) {
    for (int turn = 0; turn < 3; ++turn) {
      Rows rows = s.query("SELECT n FROM number ORDER BY n");
      ASSERT_TRUE(rows.next());
      EXPECT_EQ(rows.integer(0), 1);
    }
  });
}

TEST_P(Statements, MoreTextsThanTheCacheHolds) {
  database().read([](Transaction& s) {
    for (int turn = 0; turn < 2; ++turn)
      for (int i = 0; i < 700; ++i) {
        Rows rows = s.query("SELECT n + " + std::to_string(i) + " FROM number WHERE n = $1", {2});
        ASSERT_TRUE(rows.next());
        ASSERT_EQ(rows.integer(0), i + 2);
      }
  });
}

TEST_P(Statements, AStatementThrownOutWhileItIsReadStaysReadable) {
  database().read([](Transaction& s) {
    Rows first = s.query("SELECT n FROM number ORDER BY n");
    ASSERT_TRUE(first.next());
    for (int i = 0; i < 700; ++i) s.query("SELECT " + std::to_string(i)).next();
    int rest = 0;
    while (first.next()) ++rest;
    EXPECT_EQ(rest, 4);
  });
}

TEST_P(Statements, OneTextWithParametersOfSeveralTypes) {
  run("CREATE TABLE mixed (a BIGINT, b DOUBLE PRECISION)");
  const char* sql = "INSERT INTO mixed (a, b) VALUES ($1, $2)";
  run(sql, {1, 2.5});
  run(sql, {nullptr, 3});
  run(sql, {2, nullptr});
  EXPECT_EQ(number("SELECT count(*) FROM mixed WHERE b = 3"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM mixed WHERE a IS NULL OR b IS NULL"), 2);
}

TEST_P(Statements, PreparedTextsSurviveAChangeOfTheSchema) {
  auto other = open();
  auto columns = [&] {
    return database().reading([](Transaction& s) {
      Rows rows = s.query("SELECT * FROM number WHERE n = 1");
      rows.next();
      return rows.integer(0);
    });
  };
  const char* change = "UPDATE number SET n = n WHERE n = 1 RETURNING *";
  database().write([&](Transaction& s) { s.query(change); });
  EXPECT_EQ(columns(), 1);
  other->write([](Transaction& s) { s.script("ALTER TABLE number ADD COLUMN extra BIGINT"); });
  database().write([&](Transaction& s) { s.query(change); });  // repeated by write() with a new plan
  EXPECT_EQ(number("SELECT count(*) FROM number WHERE extra IS NULL"), 5);
}

TEST_P(Statements, ScriptsRunSeveralStatements) {
  database().write([](Transaction& s) {
    s.script("CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (1); INSERT INTO a VALUES (2);");
  });
  EXPECT_EQ(number("SELECT sum(x) FROM a"), 3);
  thrown(Code::internal,
         [&] { database().write([](Transaction& s) { s.script("INSERT INTO a VALUES (3); nonsense"); }); });
  EXPECT_EQ(number("SELECT sum(x) FROM a"), 3);
}

TEST_P(Statements, OneTextIsOneStatement) {
  thrown(Code::internal, [&] { run("DELETE FROM number; DELETE FROM number"); });
  EXPECT_EQ(number("SELECT count(*) FROM number"), 5);
}

}  // namespace
}  // namespace regesta::db
