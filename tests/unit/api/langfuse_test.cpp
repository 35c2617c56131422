#include <gtest/gtest.h>

#include "api/langfuse/prompt_wire.h"
#include "api/langfuse/score_wire.h"

namespace regesta::api::langfuse {
namespace {

quality::Score scoreFrom(std::string_view body) { return scoreOf(readAs<ScoreBody>(parseJson(body))); }

std::string refusal(std::string_view body) {
  try {
    scoreFrom(body);
  } catch (const Invalid& e) {
    return e.field;
  }
  return "accepted";
}

TEST(LangfuseScore, theTypeFollowsTheValue) {
  EXPECT_EQ(scoreFrom(R"({"name":"n","value":0.5,"traceId":"t"})").type, "NUMERIC");
  EXPECT_EQ(scoreFrom(R"({"name":"n","value":"good","traceId":"t"})").type, "CATEGORICAL");
  quality::Score yes = scoreFrom(R"({"name":"n","value":true,"dataType":"BOOLEAN","sessionId":"s"})");
  EXPECT_EQ(yes.value, 1);
  EXPECT_FALSE(yes.id.empty());
}

TEST(LangfuseScore, whatBreaksARuleIsNamed) {
  EXPECT_EQ(refusal(R"({"value":1,"traceId":"t"})"), "name");
  EXPECT_EQ(refusal(R"({"name":"n","traceId":"t"})"), "value");
  EXPECT_EQ(refusal(R"({"name":"n","value":"1","dataType":"NUMERIC","traceId":"t"})"), "value");
  EXPECT_EQ(refusal(R"({"name":"n","value":2,"dataType":"BOOLEAN","traceId":"t"})"), "value");
  EXPECT_EQ(refusal(R"({"name":"n","value":1,"dataType":"COLOUR","traceId":"t"})"), "dataType");
  EXPECT_EQ(refusal(R"({"name":"n","value":1})"), "traceId");
  EXPECT_EQ(refusal(R"({"name":"n","value":1,"observationId":"o","sessionId":"s"})"), "traceId");
  EXPECT_EQ(refusal(R"({"name":"n","value":1,"traceId":"t","environment":"langfuse-x"})"), "environment");
  EXPECT_EQ(refusal(R"({"name":"n","value":1,"traceId":"t","timestamp":"yesterday"})"), "timestamp");
  EXPECT_EQ(refusal(R"({"name":"n","value":1,"metadata":{"prompt":"p","version":1}})"), "accepted");
}

TEST(LangfusePrompt, messagesLoseTheTypeThatSaysNothing) {
  NewPrompt asked{
      .name = "n", .type = "chat", .prompt = {}, .config = {"{}"}, .labels = {}, .tags = {}, .commitMessage = ""};
  asked.prompt.text =
      R"([{"type":"chatmessage","role":"user","content":"{{x}}"},{"type":"placeholder","name":"history"}])";
  EXPECT_EQ(
      prompt::canonicalPrompt(promptOf(asked)),
      R"({"template":[{"content":"{{x}}","role":"user"},{"name":"history","type":"placeholder"}],"type":"chat"})");
}

TEST(LangfusePrompt, partsOfAMessageShowAsText) {
  registry::Version version;
  prompt::Prompt prompt = prompt::parsePrompt(
      R"({"type":"chat","template":[{"role":"user","content":[{"type":"text","text":"look: "},{"type":"image"}]}]})");
  PromptAnswer answer = answerOf(version, prompt, {"production"}, true);
  EXPECT_EQ(answer.prompt.text, R"([{"content":"look: {\"type\":\"image\"}","role":"user"}])");
  EXPECT_EQ(answer.labels, (std::vector<std::string>{"production", "latest"}));
  EXPECT_TRUE(answer.isActive);
}

TEST(LangfusePrompt, tagsAreWords) {
  EXPECT_EQ(wordsOf({{"billing", ""}, {"team", "chat"}, {"mlflow.prompt.is_prompt", "true"}, {"_x", "1"}}),
            (std::vector<std::string>{"billing", "team:chat"}));
}

}  // namespace
}  // namespace regesta::api::langfuse
