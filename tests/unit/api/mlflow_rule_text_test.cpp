#include <gtest/gtest.h>

#include <functional>

#include "api/mlflow/dialect.h"
#include "api/mlflow/rule_text.h"
#include "base/json.h"
#include "tracking/missing.h"
#include "tracking/rules.h"
#include "tracking/state_error.h"

namespace regesta::api::mlflow {
namespace {

using tracking::Rule;
using tracking::RuleError;

std::string messageOf(const std::function<void()>& check) {
  try {
    check();
  } catch (const Error& error) {
    return std::string(parseJson(renderError(error).body).as_object().at("message").as_string());
  }
  return "accepted";
}

TEST(RuleText, NamesTheRuleAsMlflowDoes) {
  EXPECT_EQ(messageOf([] { tracking::checkKey("a?", "key"); }),
            "Invalid value \"a?\" for parameter 'key' supplied: Names may only contain alphanumerics, underscores (_), "
            "dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).");
  EXPECT_EQ(messageOf([] { tracking::checkKey("./a", "key"); }),
            "Invalid value \"./a\" for parameter 'key' supplied: Names may be treated as files in certain cases, and "
            "must not resolve to other names when treated as such. This name would resolve to 'a'");
  EXPECT_EQ(messageOf([] { tracking::checkLength("digest", 2, "abc"); }),
            "'digest' exceeds the maximum length of 2 characters");
  EXPECT_EQ(messageOf([] { tracking::checkRunId("../x"); }), "Invalid value \"../x\" for parameter 'run_id' supplied.");
  EXPECT_EQ(messageOf([] { tracking::checkMetric({"a", 1, -1, 0}, "metrics[0]"); }),
            "Invalid value -1 for parameter 'metrics[0].timestamp' supplied: metric 'a' (value=1.0). Timestamp must be "
            "a nonnegative long (64-bit integer) ");
  EXPECT_EQ(messageOf([] { tracking::checkExperimentName(""); }), "Invalid experiment name: ''");
  EXPECT_EQ(messageOf([] { tracking::parseExperimentId("abc"); }),
            "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.");
  EXPECT_EQ(
      messageOf([] { tracking::checkLoggedModelName("a/b"); }),
      "Invalid model name ('a/b') provided. Model name must be a non-empty string and cannot contain the following "
      "characters: ('/', ':', '.', '%', '\"', \"'\")");
}

TEST(MissingText, NamesWhatDoesNotExistAsMlflowDoes) {
  auto of = [](const tracking::Missing& error) { return messageOf([&] { throw error; }); };
  EXPECT_EQ(of({"experiment", "77"}), "No Experiment with id=77 exists");
  EXPECT_EQ(of({"run", "ab"}), "Run with id=ab not found");
  EXPECT_EQ(of({"logged model", "m-1"}), "Logged model with ID 'm-1' not found.");
  EXPECT_EQ(of({"trace", "tr-none"}), "Trace with ID 'tr-none' not found.");
  EXPECT_EQ(of({"tag", "k", "experiment", "1"}), "No tag with name: k in experiment with id 1");
  EXPECT_EQ(of({"tag", "k", "run", "ab"}), "No tag with name: k in run with id ab");
  EXPECT_EQ(of({"tag", "u", "logged model", "m-1"}), "No tag with key 'u' found for model with ID 'm-1'.");
  auto said = [](const auto& error) { return messageOf([&] { throw error; }); };
  EXPECT_EQ(said(tracking::Deleted("run", "ab")),
            "The run ab must be in the 'active' state. Current state is deleted.");
  EXPECT_EQ(said(tracking::Deleted("experiment", "1", Code::invalidState)), "Cannot rename a non-active experiment.");
  EXPECT_EQ(said(tracking::NameTaken("a", false)), "Experiment(name=a) already exists.");
  EXPECT_NE(said(tracking::NameTaken("a", true)).find("already exists in deleted state"), std::string::npos);
  EXPECT_EQ(said(RuleError(Rule::batchCount, "metrics", "must be at most 2", "3", {"2"})),
            "A batch logging request can contain at most 2 metrics. Got 3 metrics. Please split up metrics across "
            "multiple requests and try again.");
  EXPECT_EQ(of({"assessment", "a-none", "trace", "tr-a"}), "Assessment with ID 'a-none' not found for trace 'tr-a'");
}

TEST(RuleText, NamesTheRuleOfALocation) {
  auto of = [](std::string location) { return messageOf([&] { tracking::checkArtifactLocation(location); }); };
  EXPECT_EQ(of("s3://b/x#f"), "'artifact_location' URL can't include fragments or params.");
  EXPECT_EQ(of("s3://b/x?a=../.."), "Invalid query string");
  EXPECT_EQ(of("runs:/x/y"), "Artifact location cannot be a runs:/ URI. Given: 'runs:/x/y'");
  EXPECT_EQ(of("ftp://h/x"),
            "Invalid 'artifact_location': the 'ftp' scheme addresses a host other than the tracking server's "
            "configured artifact storage");
  EXPECT_EQ(of("s3://b/" + std::string(2100, 'a')).substr(0, 29), "Invalid artifact path length.");
}

TEST(RuleText, ShowsParamsThatChanged) {
  EXPECT_EQ(
      ruleText(RuleError(Rule::paramChanged, "value", "must not change", "0.2", {"lr", "0.1", "0.2", "run", "r1"})),
      "Changing param values is not allowed. Param with key='lr' was already logged with value='0.1' for run "
      "ID='r1'. Attempted logging new value '0.2'.");
  EXPECT_EQ(ruleText(RuleError(Rule::paramsChanged, "params", "must not change", {}, {"r1", "lr", "0.1", "0.3"})),
            "Changing param values is not allowed. Params were already logged='[{'key': 'lr', 'old_value': '0.1', "
            "'new_value': '0.3'}]' for run ID='r1'.");
  EXPECT_EQ(ruleText(RuleError(Rule::paramRepeated, "params", "must not repeat keys", {}, {"y"})).substr(0, 52),
            "Duplicate parameter keys have been submitted: ['y'].");
}

TEST(RuleText, ShowsTextsAsPython) {
  EXPECT_EQ(pythonText("a'b"), "\"a'b\"");
  EXPECT_EQ(pythonText("a'b\"c"), "'a\\'b\"c'");
  EXPECT_EQ(pythonList({"a", "b"}), "['a', 'b']");
}

}  // namespace
}  // namespace regesta::api::mlflow
