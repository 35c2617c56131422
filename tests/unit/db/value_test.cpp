#include <cmath>
#include <limits>

#include "base/error.h"
#include "db/migrate.h"
#include "suite.h"

namespace regesta::db {
namespace {

class Values : public Suite {
 protected:
  void SetUp() override {
    Suite::SetUp();
    migrate(database(),
            {{"0001_values", "CREATE TABLE item (id $ID, whole INTEGER, real REAL, words TEXT, raw $BYTES)"}});
  }
};
REGESTA_ON_BOTH(Values);

TEST_P(Values, BindsParametersByTheirNumberNotByTheirPlace) {
  run("INSERT INTO item (id, words, whole) VALUES ($2, $3, $1)", {7, 1, "seven"});
  run("UPDATE item SET words = $2 WHERE id = $1", {1, "changed"});
  EXPECT_EQ(text("SELECT words FROM item WHERE whole = $1", {7}), "changed");
  run("UPDATE item SET whole = $2 + $1 + $2 WHERE id = $1", {1, 20});
  EXPECT_EQ(number("SELECT whole FROM item"), 41);
  // Ten and more: names that begin alike.
  EXPECT_EQ(text("SELECT $11 || $2 || $10 || $1 || $3 || $4 || $5 || $6 || $7 || $8 || $9",
                 {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}),
            "kbjacdefghi");
}

TEST_P(Values, RefusesTooFewTooManyAndSkippedParameters) {
  auto attempt = [&](const std::string& sql, Params params) { thrown(Code::internal, [&] { run(sql, params); }); };
  attempt("UPDATE item SET whole = $1 WHERE id = $2", {1});
  attempt("UPDATE item SET whole = $1", {1, 2});
  attempt("UPDATE item SET whole = $1 WHERE id = $3", {1, 2, 3});
}

TEST_P(Values, WholeNumbersComeBackExactly) {
  for (std::int64_t value :
       {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, std::int64_t{0}, std::int64_t{1} << 53,
        (std::int64_t{1} << 53) + 1, std::numeric_limits<std::int64_t>::max()}) {
    run("INSERT INTO item (whole) VALUES ($1)", {value});
    EXPECT_EQ(number("SELECT whole FROM item WHERE whole = $1", {value}), value);
  }
  EXPECT_EQ(text("SELECT max(whole) FROM item"), "9223372036854775807");
}

TEST_P(Values, DoublesComeBackExactly) {
  for (double value : {0.1, -0.0, 1.0, 1e308, 5e-324, 0.30000000000000004, std::numeric_limits<double>::max(),
                       std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    run("DELETE FROM item");
    run("INSERT INTO item (real) VALUES ($1)", {value});
    double back = database().reading([](Transaction& s) {
      Rows rows = s.query("SELECT real FROM item");
      rows.next();
      return rows.real(0);
    });
    EXPECT_EQ(back, value);
    if (!onSqlite()) EXPECT_EQ(std::signbit(back), std::signbit(value)) << value;  // SQLite forgets the sign of -0.0
  }
}

TEST_P(Values, NotANumberIsNullOnSqliteAndItselfOnPostgres) {
  run("INSERT INTO item (real) VALUES ($1)", {std::numeric_limits<double>::quiet_NaN()});
  database().read([&](Transaction& s) {
    Rows rows = s.query("SELECT real FROM item");
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.isNull(0), onSqlite());
    if (!onSqlite()) EXPECT_TRUE(std::isnan(rows.real(0)));
  });
}

TEST_P(Values, TextComesBackExactly) {
  std::string large(3'000'000, 'x');
  for (const std::string& value :
       {std::string(), std::string("O'Brien \"\\\n\t"), std::string("Zürich 東京 🏦"), large}) {
    run("DELETE FROM item");
    run("INSERT INTO item (words) VALUES ($1)", {value});
    EXPECT_EQ(text("SELECT words FROM item WHERE words = $1", {value}), value);
    EXPECT_EQ(number("SELECT length(words) FROM item"),
              value == "Zürich 東京 🏦" ? 11 : static_cast<std::int64_t>(value.size()));
  }
  run("INSERT INTO item (id, words) VALUES (99, $1)",
      {std::string_view()});  // no pointer at all is still text, not NULL
  EXPECT_EQ(number("SELECT count(*) FROM item WHERE id = 99 AND words = ''"), 1);
}

TEST_P(Values, BytesComeBackExactly) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  for (const std::string& value : {std::string(), std::string("\0\0", 2), all}) {
    run("DELETE FROM item");
    run("INSERT INTO item (raw) VALUES ($1)", {Bytes{value}});
    database().read([&](Transaction& s) {
      Rows rows = s.query("SELECT raw, raw FROM item WHERE raw = $1", {Bytes{value}});
      ASSERT_TRUE(rows.next());
      EXPECT_FALSE(rows.isNull(0));
      EXPECT_EQ(rows.bytes(0), value);
      EXPECT_EQ(rows.bytes(1), value);
    });
  }
}

TEST_P(Values, NullsAndOptionals) {
  std::optional<std::string> none, some = "here";
  std::optional<std::int64_t> noNumber, aNumber = 5;
  run("INSERT INTO item (id, words, whole, raw) VALUES (1, $1, $2, $3)", {none, noNumber, nullptr});
  run("INSERT INTO item (id, words, whole) VALUES (2, $1, $2)", {some, aNumber});
  database().read([](Transaction& s) {
    Rows rows = s.query("SELECT words, whole, raw FROM item ORDER BY id");
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.maybeText(0), std::nullopt);
    EXPECT_EQ(rows.maybeInteger(1), std::nullopt);
    EXPECT_TRUE(rows.isNull(2));
    EXPECT_EQ(rows.text(0), "");
    EXPECT_EQ(rows.integer(1), 0);
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.maybeText(0), "here");
    EXPECT_EQ(rows.maybeInteger(1), 5);
    EXPECT_FALSE(rows.next());
    EXPECT_FALSE(rows.next());
  });
  EXPECT_EQ(number("SELECT count(*) FROM item WHERE $1 IS NULL OR words = $1", {none}), 2);
  EXPECT_EQ(number("SELECT count(*) FROM item WHERE $1 IS NULL OR words = $1", {some}), 1);
  EXPECT_EQ(number("SELECT count(*) FROM item WHERE $1 IS NULL OR whole = $1", {noNumber}), 2);
}

TEST_P(Values, GettersConvert) {
  run("INSERT INTO item (whole, real, words) VALUES (12, 2.75, '34')");
  database().read([](Transaction& s) {
    Rows rows =
        s.query("SELECT whole, real, words, whole > 3, count(*), sum(whole) FROM item GROUP BY whole, real, words");
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.text(0), "12");
    EXPECT_EQ(rows.real(0), 12.0);
    EXPECT_EQ(rows.integer(1), 2);
    EXPECT_EQ(rows.integer(2), 34);
    EXPECT_EQ(rows.integer(3), 1);
    EXPECT_EQ(rows.integer(4), 1);
    EXPECT_EQ(rows.integer(5), 12);
  });
}

TEST_P(Values, TextThatOneDatabaseCannotStoreIsRefusedOnBoth) {
  auto attempt = [&](std::string_view value) {
    return thrown(Code::invalid, [&] {
      database().write([&](Transaction& s) { s.run("INSERT INTO item (words) VALUES ($1)", {value}); });
    });
  };
  EXPECT_EQ(attempt(std::string_view("a\0b", 3)), "text must not contain NUL bytes");
  EXPECT_EQ(attempt("\xff\xfe"), "text must be valid UTF-8");
  EXPECT_EQ(attempt("\xed\xa0\x80"), "text must be valid UTF-8");
  EXPECT_EQ(number("SELECT count(*) FROM item"), 0);
}

TEST_P(Values, TextSortsAndComparesByBytesAndLikeIsCaseSensitive) {
  for (const char* word : {"b", "B", "a", "Z", "ä", "z"}) run("INSERT INTO item (words) VALUES ($1)", {word});
  std::string order;
  database().read([&](Transaction& s) {
    for (Rows rows = s.query("SELECT words FROM item ORDER BY words"); rows.next();) order += rows.text(0);
  });
  EXPECT_EQ(order, "BZabzä");
  EXPECT_EQ(number("SELECT count(*) FROM item WHERE words LIKE $1 ESCAPE '\\'", {"b%"}), 1);
  EXPECT_EQ(number("SELECT count(*) FROM item WHERE lower(words) LIKE $1 ESCAPE '\\'", {"b"}), 2);
  run("INSERT INTO item (words) VALUES ('50%')");
  EXPECT_EQ(number("SELECT count(*) FROM item WHERE words LIKE $1 ESCAPE '\\'", {"50\\%"}), 1);
}

}  // namespace
}  // namespace regesta::db
