#include "prompt/lint.h"

#include <gtest/gtest.h>

namespace regesta::prompt {
namespace {

/// "rule line:column" of each problem, errors with a '!'.
std::vector<std::string> found(const Prompt& prompt) {
  std::vector<std::string> all;
  for (const Problem& problem : lint(prompt))
    all.push_back(fmt::format("{}{} {}:{}", problem.severity == Severity::error ? "!" : "", problem.rule,
                              problem.place.line, problem.place.column));
  return all;
}
using List = std::vector<std::string>;
Prompt text(std::string words, TemplateFormat format = TemplateFormat::mustache) {
  return {.text = std::move(words), .format = format};
}
json::object declares(std::initializer_list<std::string_view> names) {
  json::object properties;
  for (std::string_view name : names) properties[name] = json::object{{"type", "string"}};
  return {{"type", "object"}, {"properties", properties}};
}

TEST(Lint, CleanPromptsAreClean) {
  EXPECT_EQ(found(text("Hello {{name}}")), List{});
  EXPECT_EQ(found(text("{% if a %}{{ a }}{% endif %}", TemplateFormat::jinja2)), List{});
  EXPECT_EQ(found(text("Hello {name}", TemplateFormat::fString)), List{});
}

TEST(Lint, Variables) {
  Prompt prompt = text("Hello\n  {{nmae}}");
  prompt.inputSchema = declares({"name"});
  EXPECT_EQ(found(prompt), (List{"!undeclared-variable 2:3", "unused-variable 0:0"}));
  EXPECT_EQ(lint(prompt)[0].message, "variable 'nmae' is not declared in input_schema; did you mean 'name'?");
}

TEST(Lint, Dialects) {
  EXPECT_EQ(found(text("{name}")), List{"mixed-dialect 1:1"});
  EXPECT_EQ(found(text("{\"json\": {}} ${shell} {{name}}")), List{});
  EXPECT_EQ(found(text("50{% off")), List{});
  EXPECT_EQ(found(text("{% if x %}")), List{"mixed-dialect 1:1"});
  EXPECT_EQ(found(text("{{name}}", TemplateFormat::fString)), List{"mixed-dialect 1:1"});
  EXPECT_EQ(found(text("a {{#x}}b{{/x}}")), List{"plain-replace 1:3"});
  EXPECT_EQ(found(text("{{{x}}}")), List{"plain-replace 1:1"});
  EXPECT_EQ(found(text("{{\"a\": 1}}")), List{"not-a-name 1:1"});
  EXPECT_EQ(found(text("${env:HOME}")), List{"inert-reference 1:1"});
}

TEST(Lint, SyntaxAndSecrets) {
  EXPECT_EQ(found(text("{{#x}}")), (List{"!template-syntax 1:1", "plain-replace 1:1"}));
  Prompt prompt = text("use\nkey sk-proj-abcdefghijklmnop1234567890XYZ now");
  EXPECT_EQ(found(prompt), List{"!secret 2:5"});
  EXPECT_EQ(lint(prompt)[0].message, "looks like an OpenAI key: sk-proj-ab…");
  EXPECT_EQ(found(text("write sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx here")), List{});
  prompt = text("x");
  prompt.modelConfig = json::object{{"api_key", "AKIAIOSFODNN7EXAMPLE1"}};
  EXPECT_EQ(found(prompt), List{"!secret 0:0"});
}

TEST(Lint, ChatPlacesNameTheMessage) {
  Prompt prompt = parsePrompt(
      R"({"type":"chat","template":[{"role":"system","content":"ok"},{"type":"placeholder","name":"h"},
      {"role":"user","content":"x\n{{h}} {{#"}]})");
  std::vector<Problem> problems = lint(prompt);
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].rule, "placeholder-name");
  EXPECT_EQ(problems[1].rule, "template-syntax");
  EXPECT_EQ(problems[1].index, 2);
  EXPECT_EQ(problems[1].place.line, 2u);
}

TEST(Lint, LinesOfAFile) {
  PromptFile file = parsePromptFile("prompts/x.md", "---\ntype: chat\n---\n\nsystem:\nhi\n\nuser:\n{{#a}}\n");
  std::vector<Problem> problems = lint(file.prompt);
  ASSERT_FALSE(problems.empty());
  EXPECT_EQ(fileLine(file, problems[0]), 9u);
}

TEST(Lint, TokensAreEstimated) {
  EXPECT_EQ(estimatedTokens(""), 0u);
  EXPECT_EQ(estimatedTokens("Hello world"), 2u);
  EXPECT_EQ(estimatedTokens("12345 {{name}}\n\n"), 2u + 1 + 1 + 1 + 1);
  EXPECT_EQ(estimatedTokens("\xE4\xBD\xA0\xE5\xA5\xBD"), 2u);
  EXPECT_EQ(found(text(std::string(60'000, 'a'))), List{"token-length 0:0"});
}

}  // namespace
}  // namespace regesta::prompt
