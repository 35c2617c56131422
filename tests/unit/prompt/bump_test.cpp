#include "prompt/bump.h"

#include <gtest/gtest.h>

namespace regesta::prompt {
namespace {

/// The verdict's first reason as "major: why"; "none" when there is none.
std::string bump(std::string_view before, std::string_view after) {
  BumpVerdict verdict = bumpBetween(parsePrompt(before), parsePrompt(after));
  if (verdict.reasons.empty()) return "none";
  EXPECT_EQ(verdict.bump, verdict.reasons[0].bump);
  return fmt::format("{}: {}", bumpName(verdict.bump), verdict.reasons[0].what);
}
std::string text(std::string_view words, std::string_view members = "") {
  std::string content = R"({"type":"text","template":)";
  appendJsonString(content, words);
  if (!members.empty()) content += fmt::format(",{}", members);
  return content + "}";
}
std::string schema(std::string_view properties, std::string_view required = "[]") {
  return text("{{a}}",
              fmt::format(R"("input_schema":{{"type":"object","properties":{},"required":{}}})", properties, required));
}
std::string answer(std::string_view schema) { return text("x", fmt::format(R"("response_format":{})", schema)); }
std::string model(std::string_view config) { return text("x", fmt::format(R"("model_config":{})", config)); }
std::string tools(std::string_view list) { return text("x", fmt::format(R"("tools":{})", list)); }

TEST(Bump, VariablesOfTheText) {
  EXPECT_EQ(bump(text("{{a}} {{b}}"), text("{{a}}")), "major: variable 'b' was removed");
  EXPECT_EQ(bump(text("{{a}}"), text("{{a}} {{b}}")), "major: variable 'b' is new and required");
  EXPECT_EQ(bump(text("{{a}}"), text("{{a}}{{#b}}!{{/b}}")), "minor: variable 'b' is new and optional");
  EXPECT_EQ(bump(text("{{a}}"), text("please {{a}}")), "minor: the text changed");
  EXPECT_EQ(bump(text("a  b\n"), text("a b")), "patch: only white space changed");
  EXPECT_EQ(bump(text("a{{! old }} b"), text("a{{! new }} b")), "patch: only comments changed");
  EXPECT_EQ(bump(text("a"), text("a")), "none");
}

TEST(Bump, DeclaredVariables) {
  EXPECT_EQ(bump(schema(R"({"a":{"type":"string"}})"), schema(R"({"a":{"type":"string"}})", R"(["a"])")),
            "major: variable 'a' is newly required");
  EXPECT_EQ(bump(schema(R"({"a":{}})", R"(["a"])"), schema(R"({"a":{"type":"string"}})", R"(["a"])")),
            "major: variable 'a' was anything and is text");
  EXPECT_EQ(bump(schema(R"({"a":{"type":"integer"}})"), schema(R"({"a":{"type":"number"}})")),
            "minor: variable 'a' was integer and is number");
  EXPECT_EQ(bump(schema(R"({"a":{"default":"x"}})"), schema(R"({"a":{}})")), "major: variable 'a' lost its default");
  EXPECT_EQ(bump(schema(R"({"a":{"default":"x"}})"), schema(R"({"a":{"default":"y"}})")),
            "minor: variable 'a' has another default");
  EXPECT_EQ(bump(schema(R"({"a":{"enum":["x","y"]}})"), schema(R"({"a":{"enum":["x"]}})")),
            "major: variable 'a': the value \"y\" is gone");
  EXPECT_EQ(bump(schema(R"({"a":{"enum":["x"]}})"), schema(R"({"a":{"enum":["x","y"]}})")),
            "minor: variable 'a': the value \"y\" is new");
  EXPECT_EQ(bump(schema(R"({"a":{}})"), schema(R"({"a":{},"b":{"default":1}})")),
            "minor: variable 'b' is new and optional");
  EXPECT_EQ(bump(schema(R"({"a":{"description":"x"}})"), schema(R"({"a":{"description":"y"}})")),
            "patch: the wording or order of the schema changed");
  EXPECT_EQ(bump(text("{{a}}"), schema(R"({"a":{"type":"string"}})", R"(["a"])")),
            "patch: the wording or order of the schema changed");
}

TEST(Bump, MessagesAndKinds) {
  auto chat = [](std::string_view messages) { return fmt::format(R"({{"type":"chat","template":{}}})", messages); };
  std::string one = chat(R"([{"role":"system","content":"s"},{"role":"user","content":"u"}])");
  EXPECT_EQ(bump(one, chat(R"([{"role":"user","content":"u"}])")), "major: the roles were system, user and are user");
  EXPECT_EQ(bump(one, chat(R"([{"role":"system","content":"t"},{"role":"user","content":"u"}])")),
            "minor: the text changed");
  EXPECT_EQ(bump(chat(R"([{"role":"user","content":"u"},{"type":"placeholder","name":"h"}])"),
                 chat(R"([{"role":"user","content":"u"}])")),
            "major: the placeholder 'h' was removed");
  EXPECT_EQ(bump(text("s"), one), "major: a text prompt became a chat prompt");
  EXPECT_EQ(bump(text("s"), text("s", R"("template_format":"jinja2")")),
            "major: the template language was mustache and is jinja2");
}

TEST(Bump, Answers) {
  std::string before = R"({"type":"object","properties":{"a":{"type":"string"},"s":{"enum":["x"]}},"required":["a"]})";
  auto after = [&](std::string_view schema) { return bump(answer(before), answer(schema)); };
  EXPECT_EQ(bump(answer(before), text("x")), "major: answers are text now, and were structured");
  EXPECT_EQ(after(R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"]})"),
            "major: the answer.s is gone");
  EXPECT_EQ(after(R"({"type":"object","properties":{"a":{"type":"string"},"s":{"enum":["x","y"]}},"required":["a"]})"),
            "major: the answer.s: the value \"y\" is new");
  EXPECT_EQ(after(R"({"type":"object","properties":{"a":{"type":"string"},"s":{"enum":["x"]}}})"),
            "major: the answer.a is no longer required");
  EXPECT_EQ(
      after(R"({"type":"object","properties":{"a":{"type":"string"},"s":{"enum":["x"]},"n":{}},"required":["a"]})"),
      "minor: the answer.n is new");
}

TEST(Bump, ToolsAndModels) {
  EXPECT_EQ(bump(tools(R"([{"name":"f"}])"), tools("[]")), "major: the tool 'f' was removed");
  EXPECT_EQ(bump(tools("[]"), tools(R"([{"type":"function","function":{"name":"f"}}])")), "minor: the tool 'f' is new");
  EXPECT_EQ(bump(tools(R"([{"name":"f","parameters":{"properties":{"a":{}}}}])"),
                 tools(R"([{"name":"f","parameters":{"properties":{"a":{}},"required":["a"]}}])")),
            "major: the tool 'f'.a is newly required");
  EXPECT_EQ(bump(tools(R"([{"name":"f","description":"x"}])"), tools(R"([{"name":"f","description":"y"}])")),
            "minor: the tool 'f' has a different description");
  EXPECT_EQ(bump(model(R"({"model":"gpt-4o-2024-08-06"})"), model(R"({"model":"gpt-4o-2024-11-20"})")),
            "minor: the model's snapshot was gpt-4o-2024-08-06 and is gpt-4o-2024-11-20");
  EXPECT_EQ(bump(model(R"({"model":"gpt-4o"})"), model(R"({"model":"gpt-4o-mini"})")),
            "major: the model was gpt-4o and is gpt-4o-mini");
  EXPECT_EQ(bump(model(R"({"model":"claude-3-5-sonnet-20241022"})"), model(R"({"model":"claude-3-5-sonnet-latest"})")),
            "minor: the model's snapshot was claude-3-5-sonnet-20241022 and is claude-3-5-sonnet-latest");
  EXPECT_EQ(bump(model(R"({"model":"openai/gpt-4o"})"), model(R"({"model":"azure/gpt-4o"})")),
            "major: the provider was openai and is azure");
  EXPECT_EQ(bump(model(R"({"model":"m","temperature":0})"), model(R"({"model":"m","temperature":0.5})")),
            "minor: model settings changed");
}

TEST(Bump, AllReasonsAreNamed) {
  BumpVerdict verdict = bumpBetween(parsePrompt(text("a {{x}}")), parsePrompt(text("b {{y}}", R"("labels":["l"])")));
  EXPECT_EQ(verdict.inWords(),
            "variable 'x' was removed (major); variable 'y' is new and required (major); the text changed (minor); "
            "the labels changed (patch)");
}

}  // namespace
}  // namespace regesta::prompt
