#include "filter/filter.h"

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
  EXPECT_EQ(parseFilter("  ", runs).size(), 0u);
  EXPECT_EQ(parseFilter("tags.a='1' and metrics.b<2 AND status = 'x'", runs).size(), 3u);
}

TEST(Filter, SaysWhatIsWrongInTheWordsPeopleKnow) {
  EXPECT_EQ(fault("metrics.acc > 'x'"), "Expected numeric value type for metric. Found 'x'");
  EXPECT_EQ(fault("params.x = 5"), "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 5");
  EXPECT_EQ(fault("start_time > 'x'"), "Expected numeric value type for numeric attribute: start_time. Found 'x'");
  EXPECT_EQ(fault("foo.x = 'a'"),
            "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']");
  EXPECT_EQ(fault("foo.x = 'a'", versions),
            "Invalid entity type 'foo'. Valid entity types are ('attribute', 'tag', 'tags')");
  EXPECT_NE(fault("evil = 'a'", versions).find("Invalid attribute key 'evil' specified. Valid keys are"),
            std::string::npos);
  EXPECT_EQ(fault("name > 'a'", versions), "Invalid comparator for attribute: >");
  EXPECT_EQ(fault("tags.a > 'a'", versions), "Invalid comparator for tag: >");
  EXPECT_EQ(fault("version_number LIKE '1'", versions), "Invalid comparator for attribute version_number: LIKE");
  EXPECT_EQ(fault("name != something", versions),
            "Parameter value is either not quoted or unidentified quote types used for string value something. Use "
            "either single or "
            "double quotes.");
  EXPECT_EQ(fault("name = 7", versions),
            "Expected a quoted string value or a list of quoted string values for attributes. Got value 7");
  EXPECT_EQ(fault("status IN ('a')"),
            "Only ['run_id'] attributes support comparison with a list of quoted string values.");
  EXPECT_NE(fault("run_id IN ()").find("got empty list"), std::string::npos);
  EXPECT_NE(fault("run_id IN (1)").find("different type in list"), std::string::npos);
  EXPECT_NE(fault("run_id IN ('a' 'b')").find("ill-formed list"), std::string::npos);
  for (const char* text : {"evil = true", "run_id IN (", "run_id IN", "run_id IN 'a'", "name LIKE", "tags.a = NULL"})
    EXPECT_NE(fault(text, versions).find("Invalid clause(s) in filter string"), std::string::npos) << text;
  EXPECT_NE(fault("name = 'a' OR name = 'b'", versions).find("Invalid clause(s) in filter string"), std::string::npos);
  EXPECT_NE(fault("tags.a = '1'; DROP TABLE run").find("Search filter contained multiple expression"),
            std::string::npos);
  EXPECT_NE(fault("status IS NULL").find("only supported for tags and params"), std::string::npos);
  for (const char* text : {"=", "name", "name =", "'x' = 'y'", "(tags.a = 'x')", "tags.a = 'x", "tags.a == 'x'",
                           "tags. = 'x'", "metrics.a > 1x", "tags.a NOT LIKE 'x'", "`", "\"", "-", "tags.a = `x`"})
    fault(text);
  fault(std::string(70'000, 'a'));
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
