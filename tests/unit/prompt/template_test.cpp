#include <gtest/gtest.h>

#include "prompt/template/mustache.h"
#include "prompt/template/scan.h"

namespace regesta::prompt {
namespace {

/// "name name? other" where ? marks those that rendering works without.
std::string variables(std::string_view text, TemplateFormat format) {
  std::string all;
  for (const TemplateVariable& variable : templateVariables({.text = std::string(text), .format = format}))
    all += (all.empty() ? "" : " ") + variable.name + (variable.conditional ? "?" : "");
  return all;
}

std::string firstFault(std::string_view text, TemplateFormat format) {
  TemplateScan scan = scanTemplate(text, format);
  if (scan.faults.empty()) return {};
  return fmt::format("{}:{} {}", scan.faults[0].place.line, scan.faults[0].place.column, scan.faults[0].message);
}

TEST(Mustache, Variables) {
  EXPECT_EQ(variables("Hi {{ name }}, {{user.first}} {{{raw}}} {{&amp}} {{! no }}", TemplateFormat::mustache),
            "name user raw amp");
  EXPECT_EQ(variables("{{#items}}{{title}}{{.}}{{/items}}{{^items}}none{{/items}}{{title}}", TemplateFormat::mustache),
            "items? title");
  EXPECT_EQ(variables("{{=<% %>=}}<% a %> {{b}}", TemplateFormat::mustache), "a");
}

TEST(Mustache, TextThatOnlyLooksLikeATag) {
  EXPECT_EQ(variables(R"({"a": {"b": 1}} and {{"c": 2}} and {{x}})", TemplateFormat::mustache), "x");
  EXPECT_EQ(scanTemplate(R"({{"c": 2}})", TemplateFormat::mustache).literals.size(), 1u);
  EXPECT_TRUE(scanTemplate(R"({{"c": 2}})", TemplateFormat::mustache).faults.empty());
}

TEST(Mustache, FaultsSayWhere) {
  EXPECT_EQ(firstFault("a\n {{#s}}", TemplateFormat::mustache), "2:2 section 's' is not closed");
  EXPECT_EQ(firstFault("{{#a}}{{/b}}{{/a}}", TemplateFormat::mustache), "1:7 closes section 'b' where 'a' is open");
  EXPECT_EQ(firstFault("{{/b}}", TemplateFormat::mustache), "1:1 closes section 'b', which is not open");
  EXPECT_EQ(firstFault("x {{ y", TemplateFormat::mustache), "1:3 '{{' is not closed");
}

TEST(Mustache, HostileTextIsLinear) {
  std::string openers;
  for (int i = 0; i < 300'000; ++i) openers += "{{\"";
  openers += "}}";
  EXPECT_EQ(parseMustache(openers).nodes.size(), 1u);
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "{{#a}}";
  EXPECT_FALSE(parseMustache(deep).faults.empty());
}

TEST(Partials, InEachLanguage) {
  std::vector<PartialUse> found = scanTemplate("{{> footer@^1.2 }}{{>tone}}", TemplateFormat::mustache).partials;
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].name + "|" + found[0].selector, "footer|^1.2");
  EXPECT_EQ(found[1].name + "|" + found[1].selector, "tone|");
  found = scanTemplate("a @@@langfusePrompt:name=x y|label=production@@@ @@@langfusePrompt:name=z|version=3@@@",
                       TemplateFormat::fString)
              .partials;
  ASSERT_EQ(found.size(), 2u);
  EXPECT_TRUE(found[0].label);
  EXPECT_EQ(found[0].name, "x y");
  EXPECT_EQ(found[0].offset, 2u);
  EXPECT_EQ(found[1].selector, "3");
  EXPECT_FALSE(found[1].label);
  found = scanTemplate("{% include 'footer@1.2.0' %}", TemplateFormat::jinja2).partials;
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name + "|" + found[0].selector, "footer|1.2.0");
  EXPECT_TRUE(scanTemplate("@@@langfusePrompt:version=3|name=z@@@", TemplateFormat::mustache).partials.empty());
}

TEST(Jinja, Variables) {
  auto jinja = [](std::string_view text) { return variables(text, TemplateFormat::jinja2); };
  EXPECT_EQ(jinja("{{ a.b['c'] | upper }} {{ f(x, key=y) }}"), "a f x y");
  EXPECT_EQ(jinja("{% for item in items %}{{ item.name }}{{ loop.index }}{{ other }}{% endfor %}{{ item }}"),
            "items other? item");
  EXPECT_EQ(jinja("{% set x = y %}{{ x }}"), "y");
  EXPECT_EQ(jinja("{% if tone is defined and tone %}{{ tone }}{% elif b %}{{c}}{% endif %}"), "tone? b? c?");
  EXPECT_EQ(jinja("{{ name | default('you') }} {{ a if b else c }}"), "name? a? b? c?");
  EXPECT_EQ(jinja("{% macro m(p, q=1) %}{{ p }}{{ q }}{% endmacro %}{{ m(z) }}"), "z");
  EXPECT_EQ(jinja("{# {{ no }} #}{% raw %}{{ no }}{% endraw %}{{ \"}} {{ no\" }}{{ yes }}"), "yes");
  EXPECT_EQ(jinja("{% with a = b %}{{ a }}{% endwith %}{{ true }}{{ not x is none }}"), "b x?");
}

TEST(Jinja, FaultsSayWhere) {
  EXPECT_EQ(firstFault("a\n{% if x %}", TemplateFormat::jinja2), "2:1 'if' is not closed");
  EXPECT_EQ(firstFault("{{ x", TemplateFormat::jinja2), "1:1 '{{' is not closed");
  EXPECT_EQ(firstFault("{% for a in b %}{% endif %}", TemplateFormat::jinja2),
            "1:17 'endif' stands where 'for' is open");
}

TEST(FString, VariablesAndFaults) {
  auto fstring = [](std::string_view text) { return variables(text, TemplateFormat::fString); };
  EXPECT_EQ(fstring("{a} {{not}} {b.c} {d[0]!r:>10}"), "a b d");
  EXPECT_EQ(firstFault("ok {a}\n}", TemplateFormat::fString), "2:1 a single '}' must be written '}}'");
  EXPECT_EQ(firstFault("{}", TemplateFormat::fString), "1:1 '{}' names no variable");
  EXPECT_EQ(firstFault("{\"json\": 1}", TemplateFormat::fString), "1:1 '\"json\"' is not a valid variable name");
  EXPECT_EQ(firstFault("{a", TemplateFormat::fString), "1:1 '{' opens no name; a brace of the text is written '{{'");
}

}  // namespace
}  // namespace regesta::prompt
