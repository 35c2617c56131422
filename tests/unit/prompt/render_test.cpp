#include "prompt/render.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "prompt/word_diff.h"

namespace regesta::prompt {
namespace {

std::string rendered(std::string text, std::string_view variables, TemplateFormat format = TemplateFormat::mustache) {
  return render({.text = std::move(text), .format = format}, parseJson(variables).as_object()).text;
}
std::string refused(const Prompt& prompt, std::string_view variables) {
  try {
    return "rendered: " + render(prompt, parseJson(variables).as_object()).text;
  } catch (const Error& fault) {
    return fault.message;
  }
}

TEST(Render, Mustache) {
  EXPECT_EQ(rendered("Hi {{ name }}! {{{a}}}{{&a}} {{! c }}", R"({"name":"<Eva>","a":"&"})"), "Hi <Eva>! && ");
  EXPECT_EQ(rendered("{{#items}}\n- {{name}} of {{owner}}\n{{/items}}\n{{^items}}none{{/items}}.",
                     R"({"items":[{"name":"a"},{"name":"b","owner":"you"}],"owner":"me"})"),
            "- a of me\n- b of you\n.");
  EXPECT_EQ(rendered("{{#l}}{{.}},{{/l}}{{u.v.w}}{{n}}{{b}}{{o}}",
                     R"({"l":[1,2.5],"u":{"v":{"w":"x"}},"n":null,"b":true,"o":{"k":[1]}})"),
            "1,2.5,xtrue{\"k\":[1]}");
  EXPECT_EQ(rendered("{\"a\": {{\"b\": 1}} {{x}}", R"({"x":1})"), "{\"a\": {{\"b\": 1}} 1");
  EXPECT_EQ(rendered("{{=<% %>=}}<% x %>{{x}}", R"({"x":1})"), "1{{x}}");
  EXPECT_EQ(rendered("{{#f}}no{{/f}}{{^f}}yes{{/f}}", R"({"f":false})"), "yes");
}

TEST(Render, FString) {
  EXPECT_EQ(rendered("{a} {{b}} {c.d} {e[1]}", R"({"a":"x","c":{"d":2},"e":[1,"y"]})", TemplateFormat::fString),
            "x {b} 2 y");
  EXPECT_EQ(refused({.text = "{a:>10}", .format = TemplateFormat::fString}, R"({"a":1})"),
            "template line 1: ':>10' is not rendered here: format the value before");
  EXPECT_EQ(refused({.text = "x\n{a.b}", .format = TemplateFormat::fString}, R"({"a":1})"),
            "template line 2: 'a.b' is not there");
}

TEST(Render, EveryMissingVariableIsNamed) {
  EXPECT_EQ(refused({.text = "{{b}} {{a}} {{#c}}{{/c}}"}, "{}"), "variables 'a', 'b' are missing");
}

TEST(Render, SchemaIsKept) {
  Prompt prompt{.text = "{{tone}} {{n}}"};
  prompt.inputSchema = parseJson(R"({"type":"object","properties":{"tone":{"enum":["kind","firm"],"default":"kind"},
      "n":{"type":"integer","minimum":1}},"required":["tone","n"],"additionalProperties":false})")
                           .as_object();
  EXPECT_EQ(refused(prompt, R"({"n":3})"), "rendered: kind 3");
  EXPECT_EQ(refused(prompt, R"({"n":"3"})"), "variables: 'n' must be of type \"integer\", is string");
  EXPECT_EQ(refused(prompt, R"({"n":0})"), "variables: 'n' must be at least 1");
  EXPECT_EQ(refused(prompt, R"({"n":1,"tone":"loud"})"), "variables: 'tone' must be one of [\"kind\",\"firm\"]");
  EXPECT_EQ(refused(prompt, R"({"n":1,"x":1})"), "variables: must not have 'x'");
  EXPECT_EQ(refused(prompt, "{}"), "variable 'n' is missing");
}

TEST(Render, SchemaMayReferToItsDefinitions) {
  Prompt prompt{.text = "{{who}}"};
  prompt.inputSchema = parseJson(R"({"$defs":{"person":{"type":"object","required":["name"]}},
      "properties":{"who":{"type":"array","items":{"$ref":"#/$defs/person"}}}})")
                           .as_object();
  EXPECT_EQ(refused(prompt, R"({"who":[{"name":"Eva"}]})"), R"(rendered: [{"name":"Eva"}])");
  EXPECT_EQ(refused(prompt, R"({"who":[{"name":"Eva"},{}]})"), "variables: 'who/1' lacks the required member \"name\"");
}

TEST(Render, ChatAndPlaceholders) {
  Prompt prompt = parsePrompt(R"({"type":"chat","template":[{"role":"system","content":"For {{who}}"},
      {"type":"placeholder","name":"history"},{"role":"user","content":[{"type":"image","u":"{{who}}"}]}]})");
  json::object variables = parseJson(R"({"who":"me","history":[{"role":"user","content":"hi"}]})").as_object();
  EXPECT_EQ(writeJson(json::value(render(prompt, variables).messages)),
            R"([{"role":"system","content":"For me"},{"role":"user","content":"hi"},)"
            R"({"role":"user","content":[{"type":"image","u":"{{who}}"}]}])");
  EXPECT_EQ(render(prompt, {{"who", "me"}}).messages.size(), 2u);
  EXPECT_EQ(refused(prompt, R"({"who":"me","history":"hi"})"),
            "variables: 'history' must be a list of messages with a role each");
}

TEST(Render, ExplosionsEnd) {
  std::string text;
  for (int i = 0; i < 8; ++i) text += "{{#l}}";
  text += "x";
  for (int i = 0; i < 8; ++i) text += "{{/l}}";
  json::array list;
  for (int i = 0; i < 1000; ++i) list.push_back(i);
  EXPECT_NE(refused({.text = text}, writeJson(json::object{{"l", list}})).find("does too much"), std::string::npos);
  EXPECT_NE(refused({.text = "{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}"}, writeJson(json::object{{"l", list}}))
                .find("does too much"),
            std::string::npos);
  EXPECT_EQ(refused({.text = "x"}, writeJson(json::object{{"v", std::string(5'000'000, 'a')}})),
            "the variables are larger than 4194304 bytes");
}

std::string marked(std::string_view before, std::string_view after) {
  std::string out;
  for (const WordRun& run : wordDiff(before, after))
    out += run.kind == WordRun::Kind::same      ? run.text
           : run.kind == WordRun::Kind::removed ? "[-" + run.text + "-]"
                                                : "{+" + run.text + "+}";
  return out;
}

TEST(WordDiff, Words) {
  EXPECT_EQ(marked("Answer in two short sentences.", "Answer in one short, clear sentence."),
            "Answer in [-two-]{+one+} short{+,+} [-sentences-]{+clear sentence+}.");
  EXPECT_EQ(marked("", "new"), "{+new+}");
  EXPECT_EQ(marked("old", ""), "[-old-]");
  EXPECT_EQ(marked("same", "same"), "same");
  EXPECT_EQ(marked("", ""), "");
}

TEST(WordDiff, BothSidesComeBack) {
  std::string before, after;
  unsigned state = 7;
  auto word = [&] { return fmt::format("w{} ", (state = state * 1664525 + 1013904223) >> 28); };
  for (int size : {3, 50, 400, 4000}) {
    before.clear(), after.clear();
    for (int i = 0; i < size; ++i) before += word();
    for (int i = 0; i < size; ++i) after += word();
    std::string first, second;
    for (const WordRun& run : wordDiff(before, after)) {
      if (run.kind != WordRun::Kind::added) first += run.text;
      if (run.kind != WordRun::Kind::removed) second += run.text;
    }
    EXPECT_EQ(first, before);
    EXPECT_EQ(second, after);
  }
}

}  // namespace
}  // namespace regesta::prompt
