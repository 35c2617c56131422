#include "api/mlflow/query_text.h"

#include <gtest/gtest.h>

#include "api/mlflow/dialect.h"
#include "base/json.h"
#include "filter/filter.h"
#include "telemetry/trace_filter.h"

namespace regesta::api::mlflow {
namespace {

using filter::Grammar;
using filter::QueryError;
using filter::QueryRule;

const Grammar runs{
    .attributes = {{"run_id", "run_id", false, true}, {"status", "status"}, {"start_time", "start_time", true}},
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

template <class Check>
std::string messageOf(const Check& check) {
  try {
    check();
  } catch (const Error& error) {
    return std::string(parseJson(renderError(error).body).as_object().at("message").as_string());
  }
  return "accepted";
}

std::string fault(std::string_view text, const Grammar& grammar = runs) {
  return messageOf([&] { filter::parseFilter(text, grammar); });
}
std::string refusal(const std::string& text) {
  return messageOf([&] { telemetry::TraceFilter filter(text); });
}

}  // namespace

TEST(QueryText, SaysWhatIsWrongInTheWordsPeopleKnow) {
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
}

TEST(QueryText, SaysWhatIsWrongWithAFilterOfTraces) {
  EXPECT_EQ(refusal("prompt = 'greet'"),
            "Invalid prompts filter value 'greet'. Expected format: prompt = \"name/version\"");
  EXPECT_EQ(refusal("prompt != 'greet/1'"),
            "Invalid comparator '!=' for prompts filter. Only '=' is supported with format: prompt = \"name/version\"");
  EXPECT_EQ(refusal("span.content = 'x'"), "span.content comparator '=' not one of '{'LIKE', 'ILIKE'}'");
  EXPECT_EQ(refusal("span.colour = 'x'"),
            "Invalid span attribute 'colour'. Supported attributes: name, status, type, attributes.<attribute_name>.");
  EXPECT_EQ(refusal("metrics.x > 1"),
            "Invalid entity type 'metrics'. Valid values are {'attribute', 'attributes', 'expectation', 'feedback', "
            "'issue', 'metadata', 'request_metadata', 'span', 'tag', 'tags', 'trace'}");
  EXPECT_NE(refusal("feedback.good > 'high'").find("Expected numeric value"), std::string::npos);
  EXPECT_EQ(refusal("timestamp_ms > 'soon'"),
            "Expected numeric value type for numeric attribute: timestamp_ms. Found 'soon'");
  EXPECT_EQ(refusal("timestamp_ms > '1700000000001'"), "accepted");
  EXPECT_NE(refusal("name RLIKE '(a'").find("Invalid regular expression"), std::string::npos);
}

TEST(QueryText, SaysWhatIsWrongWithAFilterOfLoggedModels) {
  const Grammar models{
      .attributes = {{"name", "name"}}, .metrics = true, .params = true, .tags = true, .noun = "logged model"};
  EXPECT_EQ(fault("bogus.x = '1'", models),
            "Invalid entity type: 'bogus'. Expected one of ['attributes', 'metrics', 'params', 'tags'].");
  EXPECT_TRUE(fault("params.lr > '1'", models)
                  .starts_with("Invalid comparison operator for params.lr: '>'. Expected one of ('"));
  EXPECT_EQ(fault("name", models),
            "Invalid filter string: 'name'. Expected a list of comparisons separated by 'AND' (e.g. 'metrics.loss > "
            "0.1 AND params.lr = 0.01').");
}

TEST(QueryText, SaysWhatIsWrongWithAnOrderOrAPage) {
  auto ordered = [](std::string_view text) { return messageOf([&] { filter::parseOrderBy(text, runs); }); };
  EXPECT_EQ(ordered("status; x"), "Invalid order_by clause 'status; x'. Could not be parsed.");
  EXPECT_EQ(ordered("status sideways"), "Invalid ordering key in order_by clause 'status sideways'.");
  EXPECT_EQ(messageOf([] { filter::parsePageToken("evilhax"); }), "Invalid page token, could not base64-decode");
  EXPECT_EQ(messageOf([] { filter::checkPageSize(50'001, 50'000); }),
            "Invalid value 50001 for parameter 'max_results' supplied. It must be at most 50000");
  EXPECT_EQ(messageOf([] { filter::checkPageSize(0, 50'000); }),
            "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer");
  QueryError query(QueryRule::pageTokenQuery, "page_token", "must belong to this query", {},
                   {"experiment_ids", "[\"1\"]", "[\"2\"]"});
  EXPECT_EQ(queryText(query),
            "Experiment IDs in the page token do not match the requested experiment IDs. Expected: [\"1\"]. Found: "
            "[\"2\"]");
}

}  // namespace regesta::api::mlflow
