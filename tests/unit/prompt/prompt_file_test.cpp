#include "prompt/prompt_file.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "prompt/file/yaml.h"

namespace regesta::prompt {
namespace {

std::string refusal(std::string_view path, std::string_view bytes) {
  try {
    parsePromptFile(path, bytes);
  } catch (const Invalid& fault) {
    return fault.message;
  }
  ADD_FAILURE() << "was read: " << bytes;
  return {};
}

void expectRoundTrip(const PromptFile& file, FileForm form) {
  std::string path = promptFilePath(file.name, file.semver, form);
  std::string bytes = writePromptFile(file, form);
  PromptFile read = parsePromptFile(path, bytes);
  EXPECT_EQ(canonicalPrompt(read.prompt), canonicalPrompt(file.prompt)) << bytes;
  EXPECT_EQ(read.name, file.name);
  EXPECT_EQ(read.semver, file.semver) << bytes;
  EXPECT_EQ(read.description, file.description);
  EXPECT_EQ(read.tags, file.tags) << bytes;
  EXPECT_EQ(read.aliases, file.aliases);
}

TEST(PromptFile, MarkdownWithFrontMatter) {
  PromptFile file = parsePromptFile("prompts/loan-summary/v1.2.0.md", R"(---
description: shorter
variables:
  customer: string, the name
  tone?: string
model: gpt-5
config: {temperature: 0.2}
tags: {owner: anna}
aliases: [production]
---

Summarise for {{customer}}.
Be {{tone}}.
)");
  EXPECT_EQ(file.name, "loan-summary");
  EXPECT_EQ(file.semver, "1.2.0");
  EXPECT_EQ(file.description, "shorter");
  EXPECT_EQ(file.prompt.text, "Summarise for {{customer}}.\nBe {{tone}}.");
  EXPECT_EQ(file.bodyLine, 12u);
  EXPECT_EQ(file.tags, (registry::Tags{{"owner", "anna"}}));
  EXPECT_EQ(file.aliases, std::vector<std::string>{"production"});
  EXPECT_EQ(writeJson(file.prompt.modelConfig), R"({"temperature":0.2,"model":"gpt-5"})");
  EXPECT_EQ(file.prompt.inputSchema.at("required"), (json::array{"customer"}));
  EXPECT_EQ(file.prompt.inputSchema.at("properties").at("customer").at("description"), "the name");
}

TEST(PromptFile, NamesComeFromThePath) {
  EXPECT_EQ(parsePromptFile("prompts/a.md", "x").name, "a");
  EXPECT_EQ(parsePromptFile("prompts/team/a/v2.0.0-rc.1.md", "x").name, "team/a");
  EXPECT_EQ(parsePromptFile("prompts/team/a/v2.0.0-rc.1.md", "x").semver, "2.0.0-rc.1");
  EXPECT_EQ(parsePromptFile("repo/prompts/a.j2", "x").prompt.format, TemplateFormat::jinja2);
  EXPECT_EQ(parsePromptFile("elsewhere/a/v1.0.0.md", "x").name, "a");
  EXPECT_EQ(parsePromptFile("a.txt", "x\r\ny\r\n").prompt.text, "x\ny");
  EXPECT_NE(refusal("v1.0.0.md", "x").find("does not name its prompt"), std::string::npos);
  EXPECT_NE(refusal("prompts/a/v1.0.0.md", "---\nversion: 1.1.0\n---\nx").find("its name says 1.0.0"),
            std::string::npos);
}

TEST(PromptFile, WhatIsNoPrompt) {
  EXPECT_FALSE(promptFileForm("README.md"));
  EXPECT_FALSE(promptFileForm("prompts/x/CHANGELOG.md"));
  EXPECT_FALSE(promptFileForm(".github/workflows/ci.yaml"));
  EXPECT_FALSE(promptFileForm("prompts/x/tests.yaml"));
  EXPECT_FALSE(promptFileForm("prompts/x.py"));
  EXPECT_EQ(promptFileForm("prompts/x.PROMPTY"), FileForm::prompty);
}

TEST(PromptFile, ChatInTheBody) {
  PromptFile file = parsePromptFile("prompts/chat.md", R"(system:
You are kind.
\user:
is a role line.

placeholder: history

user:
{{question}}
)");
  ASSERT_EQ(file.prompt.messages.size(), 3u);
  EXPECT_EQ(file.prompt.messages[0].content, "You are kind.\nuser:\nis a role line.");
  EXPECT_EQ(file.prompt.messages[1].placeholder, "history");
  EXPECT_EQ(file.prompt.messages[2].content, "{{question}}");
  EXPECT_EQ(file.messageLines, (std::vector<std::size_t>{2, 0, 9}));
  expectRoundTrip(file, FileForm::markdown);
}

TEST(PromptFile, RoundTrips) {
  PromptFile file{.name = "p", .semver = "1.0.0", .description = "a: b # c", .tags = {{"k", "yes"}, {"n", "1"}}};
  for (std::string text :
       {"", "plain", "ends\n", "\nbegins", "a\r\nb", "---\nrule", "user:\nno chat", "  spaces  ", " ",
        "tab\tand \"quotes\" and \xE2\x80\xA8 separators", "two\n\n\nlines\n\n", "\xEF\xBB\xBFmark"}) {
    file.prompt = {.text = text};
    for (FileForm form : {FileForm::markdown, FileForm::json, FileForm::yaml}) expectRoundTrip(file, form);
  }
  file.prompt = parsePrompt(
      R"({"type":"chat","template":[{"role":"system","content":"s"},{"type":"placeholder","name":"history"},
      {"role":"tool","content":"t","tool_call_id":"1"}],"tools":[{"type":"function","function":{"name":"f"}}],
      "response_format":{"type":"object"},"labels":["a"],"examples":[{"x":[1,[2,{}]]}],
      "partials":{"p":{"range":"^1","version":"1.0.0","digest":"d"}},"template_format":"jinja2"})");
  for (FileForm form : {FileForm::markdown, FileForm::json, FileForm::yaml}) expectRoundTrip(file, form);
}

TEST(PromptFile, Dotprompt) {
  PromptFile file = parsePromptFile("prompts/greet.formal.prompt", R"(---
model: googleai/gemini-2.5-flash
config:
  temperature: 0.7
input:
  schema:
    name: string, whom to greet
    style?(enum, how): [short, long]
    tags?(array): string
  default: {style: short}
output:
  schema: {greeting: string}
metadata: {team: core}
regesta.owner: anna
---
{{role "system"}}
You greet.
{{history}}
{{role "user"}}
Greet {{name}}.
)");
  EXPECT_EQ(file.name, "greet.formal");
  ASSERT_EQ(file.prompt.messages.size(), 3u);
  EXPECT_EQ(file.prompt.messages[0].content, "You greet.");
  EXPECT_EQ(file.prompt.messages[1].placeholder, "history");
  EXPECT_EQ(file.prompt.messages[2].content, "Greet {{name}}.");
  EXPECT_EQ(file.messageLines[2], 20u);
  const json::object& properties = file.prompt.inputSchema.at("properties").as_object();
  EXPECT_EQ(properties.at("style").at("default"), "short");
  EXPECT_EQ(properties.at("style").at("enum"), (json::array{"short", "long"}));
  EXPECT_EQ(properties.at("tags").at("items").at("type"), "string");
  EXPECT_EQ(file.prompt.inputSchema.at("additionalProperties"), false);
  EXPECT_EQ(file.prompt.responseFormat.at("required"), (json::array{"greeting"}));
  EXPECT_EQ(file.tags.at("metadata.team"), "core");
  EXPECT_EQ(file.tags.at("regesta.owner"), "anna");
  file.semver = "2.0.0";
  expectRoundTrip(file, FileForm::dotprompt);
}

TEST(PromptFile, HandlebarsHelpersBecomeJinja) {
  PromptFile file = parsePromptFile("p.prompt",
                                    "{{#if vip}}Dear{{else}}Hi{{/if}} {{name}}{{#each items}}\n- {{this}} "
                                    "of {{../name}} {{@index}}{{/each}}{{!-- gone --}} {{json items}}");
  EXPECT_EQ(file.prompt.format, TemplateFormat::jinja2);
  EXPECT_EQ(file.prompt.text,
            "{% if vip %}Dear{% else %}Hi{% endif %} {{ name }}{% for item in items %}\n- {{ item }} of {{ name }} "
            "{{ loop.index0 }}{% endfor %} {{ items | tojson }}");
  EXPECT_EQ(refusal("p.prompt", "a\n{{media url=x}}"), "p.prompt:2: uses the helper 'media', which is not supported");
  EXPECT_EQ(refusal("p.prompt", "{{#if a}}"), "p.prompt:1: does not close {{#if}}");
}

TEST(PromptFile, PromptyOfBothVersions) {
  PromptFile two = parsePromptFile("x.prompty", R"(---
name: basic
description: a chat
model:
  id: gpt-5
  provider: openai
  connection: {kind: key, apiKey: "${env:KEY}"}
  options: {temperature: 0.5}
inputs:
  - {name: question, kind: string, required: true}
  - {name: tone, kind: string, default: kind}
template: {format: {kind: mustache}, parser: {kind: prompty}}
---
system:
Be {{tone}}.

user:
{{question}}
)");
  EXPECT_EQ(two.name, "basic");
  EXPECT_EQ(writeJson(two.prompt.modelConfig), R"({"model":"gpt-5","provider":"openai","temperature":0.5})");
  EXPECT_EQ(two.prompt.inputSchema.at("required"), (json::array{"question"}));
  ASSERT_EQ(two.prompt.messages.size(), 2u);
  expectRoundTrip(two, FileForm::prompty);

  PromptFile one = parsePromptFile("old.prompty", R"(---
name: old
authors: [a]
model:
  api: chat
  configuration: {type: azure_openai, azure_deployment: gpt-35, api_key: secret}
  parameters: {max_tokens: 3000}
sample: {question: why}
---
user:
{{question}} {% if deep %}deeply{% endif %}
)");
  EXPECT_EQ(one.prompt.format, TemplateFormat::jinja2);
  EXPECT_EQ(writeJson(one.prompt.modelConfig), R"({"api":"chat","max_tokens":3000,"model":"gpt-35"})");
  EXPECT_TRUE(one.prompt.inputSchema.at("properties").as_object().contains("question"));
}

TEST(PromptFile, FaultsNameFileAndLine) {
  EXPECT_EQ(refusal("prompts/x.md", "---\na: [\n---\nx").substr(0, 15), "prompts/x.md:3:");
  EXPECT_EQ(refusal("prompts/x.md", "---\ntags: {a: b}\nvarables: [a]\n---\nx"),
            "prompts/x.md:3: varables is unknown here; did you mean variables?");
  EXPECT_EQ(refusal("prompts/x.md", "---\na: 1\n"), "prompts/x.md:1: has front matter that no line \"---\" ends");
  EXPECT_NE(refusal("prompts/x.md", "---\ntemplate_format: liquid\n---\nx").find("x.md:2: template_format"),
            std::string::npos);
  EXPECT_NE(refusal("prompts/x.md", "\xff").find("UTF-8"), std::string::npos);
  EXPECT_NE(refusal("x.yaml", "a: &a [b]\nc: !!python/object x").find("x.yaml:2: has the tag"), std::string::npos);
}

TEST(Yaml, HostileTextEnds) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i)
    bomb += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  EXPECT_THROW(file::parseYaml(bomb), file::YamlFault);
  EXPECT_THROW(file::parseYaml(std::string(5000, '[')), file::YamlFault);
  EXPECT_THROW(file::parseYaml("a: 1\na: 2"), file::YamlFault);
  EXPECT_THROW(file::parseYaml("a: .inf"), file::YamlFault);
  EXPECT_THROW(file::parseYaml("--- 1\n--- 2"), file::YamlFault);
  EXPECT_THROW(file::parseYaml("a: *b"), file::YamlFault);
}

TEST(Yaml, CoreSchema) {
  json::value read = file::parseYaml("a: yes\nb: 0x1F\nc: 1e3\nd: 012\ne: ~\nf: '1'\ng: {<<: {x: 1}, y: 2}\nh: -0.5");
  EXPECT_EQ(writeJson(read), R"({"a":"yes","b":31,"c":1000.0,"d":12,"e":null,"f":"1","g":{"y":2,"x":1},"h":-0.5})");
}

}  // namespace
}  // namespace regesta::prompt
