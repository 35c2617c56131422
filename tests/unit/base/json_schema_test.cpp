#include "base/json_schema.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace regesta {
namespace {

/// Enough of an engine for these tests: '^' at the beginning, else a part of the text.
bool search(std::string_view pattern, std::string_view text) {
  return pattern.starts_with('^') ? text.starts_with(pattern.substr(1)) : text.find(pattern) != std::string_view::npos;
}

std::string problems(std::string_view schema, std::string_view document) {
  std::string out;
  for (const SchemaProblem& problem : checkAgainstSchema(parseJson(schema), parseJson(document), search))
    out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", problem.path, problem.message);
  return out;
}
bool fits(std::string_view schema, std::string_view document) { return problems(schema, document).empty(); }

std::string refusal(std::string_view schema) {
  try {
    checkSchemaItself(parseJson(schema), search);
  } catch (const Invalid& fault) {
    return fault.rule;
  }
  return {};
}

TEST(JsonSchema, SaysWhereAndWhy) {
  constexpr std::string_view schema = R"({"type":"object","required":["name","age"],"additionalProperties":false,
    "properties":{"name":{"type":"string","minLength":2},"age":{"type":"integer","minimum":0},
                  "tags":{"type":"array","items":{"enum":["a","b"]},"uniqueItems":true}}})";
  EXPECT_EQ(problems(schema, R"({"name":"Eva","age":3,"tags":["a","b"]})"), "");
  EXPECT_EQ(problems(schema, R"({"name":"E","age":-1,"tags":["a","c","a"],"x":1})"),
            "/name: has 1 characters, at least 2 are required; /age: must be at least 0; "
            "/tags/1: must be one of [\"a\",\"b\"]; /tags: holds the same item at 0 and 2; "
            ": has the member \"x\", which is not allowed");
  EXPECT_EQ(problems(schema, "[]"), ": must be of type \"object\", is array");
  EXPECT_EQ(problems(R"({"properties":{"a/b~":{"type":"null"}}})", R"({"a/b~":1})"),
            "/a~1b~0: must be of type \"null\", is integer");
}

struct Row {
  std::string_view schema, good, bad;
};

class Keyword : public testing::TestWithParam<Row> {};

TEST_P(Keyword, HoldsAndBreaks) {
  EXPECT_EQ(problems(GetParam().schema, GetParam().good), "");
  EXPECT_NE(problems(GetParam().schema, GetParam().bad), "");
  EXPECT_EQ(refusal(GetParam().schema), "");
}

INSTANTIATE_TEST_SUITE_P(
    All, Keyword,
    testing::Values(
        Row{R"({"type":["string","null"]})", "null", "1"}, Row{R"({"type":"integer"})", "2.0", "2.5"},
        Row{R"({"type":"number"})", "2", "\"2\""}, Row{R"({"const":1})", "1.0", "2"},
        Row{R"({"enum":[{"a":[1,2]}]})", R"({"a":[1,2.0]})", R"({"a":[2,1]})"}, Row{R"({"maximum":5})", "5", "5.1"},
        Row{R"({"exclusiveMaximum":5})", "4.9", "5"}, Row{R"({"exclusiveMinimum":0})", "0.1", "0"},
        Row{R"({"multipleOf":0.1})", "0.3", "0.35"}, Row{R"({"maxLength":3})", "\"äöü\"", "\"äöüß\""},
        Row{R"({"pattern":"^ab"})", "\"abc\"", "\"cab\""},
        Row{R"({"format":"uuid"})", "\"123e4567-e89b-12d3-a456-426614174000\"", "\"123\""},
        Row{R"({"format":"date"})", "\"2026-02-28\"", "\"2026-02-30\""},
        Row{R"({"format":"date-time"})", "\"2026-02-28T10:00:00Z\"", "\"yesterday\""},
        Row{R"({"format":"email"})", "\"a@b.org\"", "\"a@\""}, Row{R"({"format":"uri"})", "\"https://a/b\"", "\"a b\""},
        Row{R"({"format":"ipv4"})", "\"10.0.0.1\"", "\"10.0.0.256\""},
        Row{R"({"prefixItems":[{"type":"string"}],"items":{"type":"number"}})", "[\"a\",1]", "[\"a\",\"b\"]"},
        Row{R"({"items":[{"type":"string"}],"additionalItems":false})", "[\"a\"]", "[\"a\",1]"},
        Row{R"({"minItems":1,"maxItems":2})", "[1]", "[]"},
        Row{R"({"contains":{"type":"string"},"maxContains":1})", "[1,\"a\"]", "[\"a\",\"b\"]"},
        Row{R"({"contains":{"type":"string"}})", "[\"a\"]", "[1]"},
        Row{R"({"patternProperties":{"^x":{"type":"number"}},"additionalProperties":{"type":"string"}})",
            R"({"x1":1,"y":"a"})", R"({"x1":"a"})"},
        Row{R"({"propertyNames":{"pattern":"^x"}})", R"({"xa":1})", R"({"a":1})"},
        Row{R"({"minProperties":1})", R"({"a":1})", "{}"},
        Row{R"({"dependentRequired":{"a":["b"]}})", R"({"a":1,"b":1})", R"({"a":1})"},
        Row{R"({"dependencies":{"a":{"required":["b"]}}})", R"({"b":1})", R"({"a":1})"},
        Row{R"({"allOf":[{"minimum":1},{"maximum":2}]})", "1", "3"},
        Row{R"({"anyOf":[{"type":"string"},{"minimum":5}]})", "5", "4"},
        Row{R"({"oneOf":[{"minimum":1},{"maximum":5}]})", "7", "3"}, Row{R"({"not":{"type":"string"}})", "1", "\"a\""},
        Row{R"({"if":{"type":"string"},"then":{"minLength":2},"else":{"minimum":2}})", "2", "\"a\""},
        Row{R"({"if":{"type":"string"},"then":{"minLength":2},"else":{"minimum":2}})", "\"ab\"", "1"},
        Row{R"({"$defs":{"n":{"type":"number"}},"$ref":"#/$defs/n"})", "1", "\"a\""},
        Row{R"({"properties":{"next":{"$ref":"#"},"v":{"type":"number"}}})", R"({"next":{"next":{"v":1}}})",
            R"({"next":{"next":{"v":"a"}}})"},
        Row{R"({"properties":{"a":false}})", R"({"b":1})", R"({"a":1})"}));

TEST(JsonSchema, WhatCannotBeEnforcedIsRefusedWhereverItStands) {
  EXPECT_NE(refusal(R"({"properties":{"a":{"unevaluatedProperties":false}}})"), "");
  EXPECT_NE(refusal(R"({"items":{"$ref":"https://example.org/schema"}})"), "");
  EXPECT_NE(refusal(R"({"anyOf":[{"$ref":"#/$defs/gone"}]})"), "");
  EXPECT_NE(refusal(R"({"$defs":{"a":{"type":"strnig"}}})"), "");
  EXPECT_NE(refusal(R"({"allOf":{}})"), "");
  EXPECT_NE(refusal(R"({"required":"a"})"), "");
  EXPECT_NE(refusal(R"({"minimum":"1"})"), "");
  EXPECT_NE(refusal("3"), "");
  EXPECT_EQ(refusal(R"({"properties":{"a":{"$ref":"#/$defs/b"}},"$defs":{"b":{"type":"string"}}})"), "");
}

TEST(JsonSchema, HostileSchemasEnd) {
  EXPECT_THROW(problems(R"({"$ref":"#"})", "1"), Error);
  EXPECT_THROW(problems(R"({"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"})", "1"),
               Error);
  // Each level asks twice for the next: 2^40 steps without a limit.
  std::string schema = "{\"$defs\":{";
  for (int i = 0; i < 40; ++i)
    schema +=
        fmt::format("\"a{0}\":{{\"allOf\":[{{\"$ref\":\"#/$defs/a{1}\"}},{{\"$ref\":\"#/$defs/a{1}\"}}]}},", i, i + 1);
  schema += R"("a40":true},"$ref":"#/$defs/a0"})";
  EXPECT_THROW(problems(schema, "1"), Error);
  std::string list = "[";
  for (int i = 0; i < 3000; ++i) list += std::to_string(i) + ",";
  EXPECT_THROW(problems(R"({"uniqueItems":true})", list + "0]"), Error);
}

TEST(JsonSchema, FewProblemsAreEnough) {
  std::string list = "[";
  for (int i = 0; i < 100; ++i) list += "1,";
  EXPECT_EQ(checkAgainstSchema(parseJson(R"({"items":{"type":"string"}})"), parseJson(list + "1]"), search).size(),
            20u);
  EXPECT_TRUE(fits("{}", list + "1]"));
}

}  // namespace
}  // namespace regesta
