#include "filter/filter.h"

#include "filter/query_error.h"
#include "support/thrown.h"

namespace regesta::filter {
namespace {

const Grammar runs{.attributes = {{"run_id", "run_id", false, true},
                                  {"status", "status"},
                                  {"start_time", "start_time", true},
                                  {"created", "start_time", true},
                                  {"Run name", "run_name"}},
                   .metrics = true,
                   .params = true,
                   .tags = true,
                   .datasets = true,
                   .noun = "run"};
const Grammar versions{.attributes = {{"name", "name", false, true},
                                      {"version_number", "version_number", true},
                                      {"run_id", "run_id", false, true}},
                       .tags = true,
                       .noun = "model version"};

Condition one(std::string_view text, const Grammar& grammar = runs) {
  std::vector<Condition> conditions = parseFilter(text, grammar);
  EXPECT_EQ(conditions.size(), 1u) << text;
  return conditions.empty() ? Condition{} : conditions[0];
}
std::string fault(std::string_view text, const Grammar& grammar = runs) {
  return thrown(Code::invalid, [&] { parseFilter(text, grammar); });
}

}  // namespace

TEST(Filter, ReadsEachKindOfComparison) {
  Condition c = one("metrics.acc >= -1.5e2");
  EXPECT_EQ(c.field, Field::metric);
  EXPECT_EQ(c.key, "acc");
  EXPECT_EQ(c.comparator, Comparator::greaterOrEqual);
  EXPECT_EQ(std::get<double>(c.operand), -150.0);
  EXPECT_EQ(one("params.`a b` = 'x'").key, "a b");
  EXPECT_EQ(one("params.'a.b c' = 'x'").key, "a.b c");
  EXPECT_EQ(one("tag.\"mlflow.user\" ilike \"A%\"").key, "mlflow.user");
  EXPECT_EQ(one("tags.mlflow.user = 'x'").key, "mlflow.user");
  EXPECT_EQ(one("attributes.created > 1").key, "start_time");
  EXPECT_EQ(one("attribute.`Run name` = 'x'").key, "run_name");
  EXPECT_EQ(one("status != 'FAILED'").field, Field::attribute);
  EXPECT_EQ(one("run_id NOT IN ('a', \"b\")").comparator, Comparator::notIn);
  EXPECT_EQ(std::get<std::vector<std::string>>(one("run_id in ('a',)").operand).size(), 1u);
  EXPECT_EQ(one("tags.x IS NOT NULL").comparator, Comparator::isNotNull);
  EXPECT_EQ(one("param.x is null").comparator, Comparator::isNull);
  EXPECT_EQ(one("dataset.name = 'd'").field, Field::dataset);
  EXPECT_EQ(std::get<std::string>(one("tags.x = 'it''s'").operand), "it's");
  EXPECT_EQ(std::get<double>(one("version_number = '3'", versions).operand), 3);
  EXPECT_EQ(parseFilter("", runs).size(), 0u);
  EXPECT_EQ(parseFilter("tags.a='1' and metrics.b<2 AND status = 'x'", runs).size(), 3u);
}

TEST(Filter, NamesTheRuleAndTheValue) {
  auto broken = [](std::string_view text, const Grammar& grammar = runs) {
    try {
      parseFilter(text, grammar);
    } catch (const QueryError& error) {
      EXPECT_EQ(error.field, "filter");
      return std::pair(error.id, error.value);
    }
    return std::pair(QueryRule::order, std::string("accepted"));
  };
  EXPECT_EQ(broken("metrics.acc > 'x'"), std::pair(QueryRule::metricNumber, std::string("'x'")));
  EXPECT_EQ(broken("start_time > 'x'"), std::pair(QueryRule::number, std::string("'x'")));
  EXPECT_EQ(broken("params.x = 5"), std::pair(QueryRule::text, std::string("5")));
  EXPECT_EQ(broken("foo.x = 'a'"), std::pair(QueryRule::entity, std::string("foo")));
  EXPECT_EQ(broken("evil = 'a'", versions), std::pair(QueryRule::attribute, std::string("evil")));
  EXPECT_EQ(broken("name > 'a'", versions), std::pair(QueryRule::comparator, std::string(">")));
  EXPECT_EQ(broken("name = 'a' OR name = 'b'"), std::pair(QueryRule::attribute, std::string("name")));
  EXPECT_EQ(broken("name = 'a' OR name = 'b'", versions).first, QueryRule::clause);
  EXPECT_EQ(fault("evil = 'a'", versions),
            "filter: must name an attribute: name, version_number, run_id, got \"evil\"");
  EXPECT_EQ(fault("params.x > 'a'"), "filter: must compare parameter 'x' with one of: !=, =, LIKE, ILIKE, got \">\"");
}

TEST(Filter, RefusesWhatItCannotRead) {
  for (const char* text : {"=", "name", "name =", "'x' = 'y'", "(tags.a = 'x')", "tags.a = 'x", "tags.a == 'x'",
                           "tags. = 'x'", "metrics.a > 1x", "tags.a NOT LIKE 'x'", "`", "\"", "-", "tags.a = `x`"})
    fault(text);
  fault(std::string(70'000, 'a'));
}

TEST(Filter, RefusesWhatMlflowReadsDifferently) {
  EXPECT_TRUE(parseFilter("", runs).empty());
  for (std::string_view blank : {" ", "\n\t"}) EXPECT_NE(fault(blank).find("blank"), std::string::npos);
  fault("'params'.p = 'x'");
  EXPECT_EQ(one("attribute.name = 'x'", versions).key, "name");
  for (std::string_view entity : {"attributes", "attr", "run"}) fault(fmt::format("{}.name = 'x'", entity), versions);
}

TEST(Filter, Matches) {
  EXPECT_TRUE(matches(one("tags.a != 'x'"), Cell("y")));
  EXPECT_FALSE(matches(one("tags.a != 'x'"), Cell()));
  EXPECT_TRUE(matches(one("tags.a IS NULL"), Cell()));
  EXPECT_FALSE(matches(one("tags.a IS NOT NULL"), Cell()));
  EXPECT_TRUE(matches(one("tags.a LIKE 'A_c%'"), Cell("AbcD")));
  EXPECT_FALSE(matches(one("tags.a LIKE 'a_c%'"), Cell("AbcD")));
  EXPECT_TRUE(matches(one("tags.a ILIKE 'a_c%'"), Cell("AbcD")));
  EXPECT_TRUE(matches(one("metrics.a < 2"), Cell(1.0)));
  EXPECT_FALSE(matches(one("metrics.a < 2"), Cell(std::nan(""))));
  EXPECT_TRUE(matches(one("run_id IN ('a','b')"), Cell("b")));
  EXPECT_FALSE(matches(one("run_id NOT IN ('a','b')"), Cell("b")));
}

TEST(Filter, OrdersMissingLastBothWays) {
  std::vector<Cell> cells{Cell(), Cell(2.0), Cell(std::nan("")), Cell(1.0)};
  for (bool ascending : {true, false}) {
    std::vector<Cell> sorted = cells;
    std::sort(sorted.begin(), sorted.end(), [&](const Cell& a, const Cell& b) { return comesBefore(a, b, ascending); });
    EXPECT_EQ(std::get<double>(sorted[0]), ascending ? 1.0 : 2.0);
    EXPECT_TRUE(std::isnan(std::get<double>(sorted[2])));
    EXPECT_TRUE(std::holds_alternative<std::monostate>(sorted[3]));
  }
  EXPECT_TRUE(sameOrder(Cell(std::nan("")), Cell(std::nan(""))));
  EXPECT_FALSE(sameOrder(Cell(1.0), Cell(2.0)));
}

TEST(Filter, ReadsOrderBy) {
  OrderBy order = parseOrderBy("metrics.`a b` DESC", runs);
  EXPECT_EQ(order.field, Field::metric);
  EXPECT_EQ(order.key, "a b");
  EXPECT_FALSE(order.ascending);
  EXPECT_TRUE(parseOrderBy("  attribute.start_time asc ", runs).ascending);
  EXPECT_EQ(parseOrderBy("Created", {.attributes = {{"Created", "start_time"}}, .noun = "run"}).key, "start_time");
  for (const char* text : {"", "a b c", "status sideways", "status, run_id", "status;", "nothing", "`status"})
    thrown(Code::invalid, [&] { parseOrderBy(text, runs); });
}

TEST(PageToken, IsMlflowsAndRefusesOthers) {
  EXPECT_EQ(pageToken(10), "eyJvZmZzZXQiOiAxMH0=");
  EXPECT_EQ(parsePageToken(pageToken(12345)), 12345);
  EXPECT_EQ(parsePageToken(""), 0);
  for (const char* token : {"evilhax", "e30=", "bm90IGpzb24=", "eyJvZmZzZXQiOiAtMX0="})
    thrown(Code::invalid, [&] { parsePageToken(token); });
}

}  // namespace regesta::filter
