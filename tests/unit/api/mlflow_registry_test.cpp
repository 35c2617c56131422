// The parts of the MLflow front's registry half that are pure text.
#include <gtest/gtest.h>

#include "api/mlflow/artifact_file.h"
#include "api/mlflow/dialect.h"
#include "api/mlflow/prompt_tags.h"
#include "api/mlflow/search_parts.h"
#include "api/version_source_uri.h"
#include "base/error.h"
#include "registry/tree.h"

namespace regesta::api::mlflow {
namespace {

using registry::Tags;

std::string refusal(const std::function<void()>& fn) {
  try {
    fn();
  } catch (const Error& failure) {
    return failure.message;
  }
  return "";
}

TEST(ModelUri, isReadInEveryForm) {
  EXPECT_EQ(parseModelUri("models:/loan/7")->version, "7");
  EXPECT_EQ(parseModelUri("models:/loan@champion")->alias, "champion");
  EXPECT_EQ(parseModelUri("models:/a@b@champion")->name, "a@b");
  EXPECT_EQ(parseModelUri("models:/loan/Production")->stage, "Production");
  EXPECT_EQ(parseModelUri("models:/loan/LATEST")->name, "loan");
  EXPECT_EQ(parseModelUri("models:/m-123")->modelId, "m-123");
  for (const char* text :
       {"models:loan/7", "models:/", "models:/a/b/c", "models:/a/", "models:/a@", "runs:/a/b", "models:/ /1", ""})
    EXPECT_FALSE(parseModelUri(text)) << text;
}

TEST(Source, relativePartsAreFoundHoweverTheyAreWritten) {
  for (const char* fine : {"s3://b/a/b", "s3://b/....///x/", "mlflow-artifacts://host:9000/models", "models:/m-1",
                           "dbfs:/a/b", "https://h/p%20q", "s3://b/a..b", "s3://b/100%"})
    EXPECT_EQ(refusal([&] { checkNoRelativeParts(fine); }), "") << fine;
  for (const char* bad :
       {"s3://b/../c", "s3://b/a/..", "s3://b/%2e%2e/c", "s3://b/%252e%252e/c", "s3://b/x%2f..%2fy", "s3://b/a%00",
        "s3://b/./a", "s3://b", "models:name", "http://h/api%2f..%2f..", "mlflow-artifacts:/a/.."})
    EXPECT_NE(refusal([&] { checkNoRelativeParts(bad); }).find("relative path references"), std::string::npos) << bad;
}

TEST(Source, knowsThisMachinesPaths) {
  for (const char* local : {"/a", "a/b", "file:///a", "file:/a", "file://localhost/a", "file://127.0.0.1/a"})
    EXPECT_TRUE(isLocalSource(local)) << local;
  for (const char* remote : {"s3://a", "dbfs:/a", "runs:/a", "mlflow-artifacts:/a"})
    EXPECT_FALSE(isLocalSource(remote)) << remote;
  EXPECT_NE(refusal([] { isLocalSource("file://elsewhere.example/a"); }).find("is not a valid remote uri"),
            std::string::npos);
}

registry::Version promptVersion(Tags tags) {
  registry::Version version;
  version.asset.key.kind = registry::Kind::prompt;
  version.content = takePromptContent(tags);
  version.tags = std::move(tags);
  return version;
}

TEST(PromptTags, textGoesIntoTheContentAndComesBackByteForByte) {
  Tags tags{{"mlflow.prompt.is_prompt", "true"},
            {"mlflow.prompt.text", "Hi {{x}}\n\"quoted\" [1]"},
            {"_mlflow_prompt_type", "text"},
            {"author", "anna"}};
  registry::Version version = promptVersion(tags);
  EXPECT_EQ(version.content, R"({"template":"Hi {{x}}\n\"quoted\" [1]","type":"text"})");
  EXPECT_EQ(version.tags, (Tags{{"author", "anna"}}));
  EXPECT_EQ(renderedTags(version), tags);
}

TEST(PromptTags, aChatIsStructureForOtherFronts) {
  registry::Version version = promptVersion({{"mlflow.prompt.text", R"([{"role": "user", "content": "é"}])"},
                                             {"_mlflow_prompt_type", "chat"},
                                             {"_mlflow_prompt_model_config", R"({"temperature": 0.5})"}});
  EXPECT_EQ(version.content,
            R"({"model_config":{"temperature":0.5},"template":[{"content":"é","role":"user"}],"type":"chat"})");
  EXPECT_EQ(renderedTags(version).at("mlflow.prompt.text"), R"([{"content":"é","role":"user"}])");
  // Text that only looks like a list stays text.
  EXPECT_EQ(renderedTags(promptVersion({{"mlflow.prompt.text", "[not json"}, {"_mlflow_prompt_type", "chat"}}))
                .at("mlflow.prompt.text"),
            "[not json");
}

TEST(PromptTags, theSameTextGivesTheSameContentHoweverItIsSpaced) {
  auto content = [](const char* text) {
    return promptVersion({{"mlflow.prompt.text", text}, {"_mlflow_prompt_type", "chat"}}).content;
  };
  EXPECT_EQ(content(R"([{"role":"user","content":"a"}])"), content(R"([ {"content": "a", "role": "user"} ])"));
}

TEST(PromptTags, whatIsStoredNeverCoversTheContent) {
  registry::Version version = promptVersion({{"mlflow.prompt.text", "a"}, {"_mlflow_prompt_model_config", "{}"}});
  EXPECT_NE(refusal([&] { checkPromptTagIsFree(version, "mlflow.prompt.text"); }), "");
  EXPECT_NE(refusal([&] { checkPromptTagIsFree(version, "MLFLOW.prompt.Text"); }), "");
  EXPECT_EQ(refusal([&] { checkPromptTagIsFree(version, "mlflow.promptness"); }), "");
  EXPECT_TRUE(isModelConfig(version, "_mlflow_prompt_model_config"));
  Tags rendered = renderedTags(version);
  for (const auto& [key, value] : rendered) version.tags[key] = "other";
  version.tags["_mlflow_prompt_response_format"] = "{}";
  EXPECT_EQ(renderedTags(version), rendered);
  version.asset.key.kind = registry::Kind::model;
  EXPECT_EQ(renderedTags(version), Tags());
}

TEST(Search, aConditionOnTheMarkerChoosesPrompts) {
  const filter::Grammar grammar{.attributes = {{"name", "name"}}, .tags = true, .noun = "registered model"};
  auto prompts = [&](const char* text) {
    std::vector<filter::Condition> conditions = filter::parseFilter(text, grammar);
    bool found = takePromptCondition(conditions);
    EXPECT_FALSE(hasTagCondition(conditions)) << text;
    return found;
  };
  EXPECT_TRUE(prompts("tags.`mlflow.prompt.is_prompt` = 'true'"));
  EXPECT_TRUE(prompts("name = 'x' AND tag.`mlflow.prompt.is_prompt` != 'FALSE'"));
  EXPECT_FALSE(prompts("tags.`mlflow.prompt.is_prompt` != 'true'"));
  EXPECT_FALSE(prompts("tags.`mlflow.prompt.is_prompt` = 'false'"));
  EXPECT_FALSE(prompts("name = 'x'"));
}

TEST(Dialect, speaksMlflowsWords) {
  auto body = [](const Error& error) { return renderError(error).body; };
  EXPECT_EQ(renderError(Error(Code::exists, "x")).status, 400);
  EXPECT_EQ(body(Error(Code::exists, "x")), R"({"error_code":"RESOURCE_ALREADY_EXISTS","message":"x"})");
  EXPECT_EQ(renderError(Error(Code::refused, "x", R"({"a":1})")).status, 403);
  EXPECT_EQ(body(Error(Code::refused, "x", R"({"a":1})")),
            R"({"error_code":"PERMISSION_DENIED","message":"x","detail":{"a":1}})");
  EXPECT_NE(body(Invalid("name", "is required")).find("Missing value for required parameter 'name'. See the API docs"),
            std::string::npos);
  EXPECT_NE(body(Invalid("metrics[0].step", "must be a whole number", "\"a\""))
                .find("Invalid value \\\"a\\\" for parameter 'metrics[0].step' supplied"),
            std::string::npos);
  EXPECT_EQ(body(registry::PathError("must be relative", "/a")),
            R"({"error_code":"INVALID_PARAMETER_VALUE","message":"Invalid path"})");
}

TEST(Artifact, headersKeepBrowsersFromRunningIt) {
  http::Request request;
  request.method = "GET";
  ArtifactFile file{nullptr, "a/b/Grüße \"1\".html", "d1"};
  auto answer = [&] { return headFor(file, http::selectBytes(request, 100, {"\"d1\"", std::nullopt})); };
  http::Response head = answer();
  EXPECT_EQ(head.contentType.substr(0, 9), "text/html");
  EXPECT_EQ(*head.headers.get("Content-Disposition"),
            R"(attachment; filename="Gre \"1\".html"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%221%22.html)");
  EXPECT_EQ(*head.headers.get("X-Content-Type-Options"), "nosniff");
  request.headers.set("Range", "bytes=90-");
  head = answer();
  EXPECT_EQ(head.status, 206);
  EXPECT_EQ(*head.headers.get("Content-Range"), "bytes 90-99/100");
  request.headers.set("If-Match", "\"d2\"");
  EXPECT_EQ(answer().body, "Precondition failed");
}

TEST(Artifact, typesGoByTheName) {
  for (const char* text : {"a.txt", "MLmodel", "x/conda.yaml", "a.json", "b.py"})
    EXPECT_EQ(artifactType(text).substr(0, 10), "text/plain") << text;
  EXPECT_EQ(artifactType("c.PNG"), "image/png");
  EXPECT_EQ(artifactType("model.pkl"), "application/octet-stream");
  EXPECT_EQ(artifactType("png"), "application/octet-stream");
}

}  // namespace
}  // namespace regesta::api::mlflow
