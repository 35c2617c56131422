#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/langfuse/dialect.h"
#include "prompt/prompt.h"
#include "registry/version.h"

namespace regesta::api::langfuse {

/// A version as Langfuse's SDKs read it, with further members that they ignore: `semver`, `digest`, `templateFormat`,
/// `inputSchema`, `responseFormat`, `tools`.
struct PromptAnswer {
  std::string id, projectId, name;
  std::int64_t version = 0;
  std::string type;
  RawJson prompt, config;
  std::vector<std::string> labels, tags;
  RawJson commitMessage, resolutionGraph;
  std::string createdBy, createdAt, updatedAt;
  bool isActive = false;
  std::optional<std::string> semver, digest, templateFormat;
  RawJson inputSchema, responseFormat, tools;
  static constexpr Field fields[] = {field<&PromptAnswer::id>("id"),
                                     field<&PromptAnswer::projectId>("projectId"),
                                     field<&PromptAnswer::name>("name"),
                                     field<&PromptAnswer::version>("version"),
                                     field<&PromptAnswer::type>("type"),
                                     field<&PromptAnswer::prompt>("prompt"),
                                     field<&PromptAnswer::config>("config"),
                                     field<&PromptAnswer::labels>("labels"),
                                     field<&PromptAnswer::tags>("tags"),
                                     field<&PromptAnswer::commitMessage>("commitMessage"),
                                     field<&PromptAnswer::resolutionGraph>("resolutionGraph"),
                                     field<&PromptAnswer::createdBy>("createdBy"),
                                     field<&PromptAnswer::createdAt>("createdAt"),
                                     field<&PromptAnswer::updatedAt>("updatedAt"),
                                     field<&PromptAnswer::isActive>("isActive"),
                                     field<&PromptAnswer::semver>("semver"),
                                     field<&PromptAnswer::digest>("digest"),
                                     field<&PromptAnswer::templateFormat>("templateFormat"),
                                     field<&PromptAnswer::inputSchema>("inputSchema"),
                                     field<&PromptAnswer::responseFormat>("responseFormat"),
                                     field<&PromptAnswer::tools>("tools")};
};

struct NewPrompt {
  std::string name, type;
  RawJson prompt, config;
  std::vector<std::string> labels;
  std::optional<std::vector<std::string>> tags;
  std::string commitMessage;
  static constexpr Field fields[] = {
      field<&NewPrompt::name>("name", required),
      field<&NewPrompt::type>("type", about("text (the default) or chat")),
      field<&NewPrompt::prompt>("prompt", about("text, or a list of messages and placeholders")),
      field<&NewPrompt::config>("config", about("the model's settings, any JSON")),
      field<&NewPrompt::labels>("labels", about("move to the new version")),
      field<&NewPrompt::tags>("tags", about("of all versions; absent: as they are")),
      field<&NewPrompt::commitMessage>("commitMessage", atMost(500))};
};

/// Langfuse's label for the newest version: automatic, never set.
inline constexpr std::string_view latestLabel = "latest";

/// The content that a client sent. Throws Invalid.
prompt::Prompt promptOf(const NewPrompt& request);

/// `aliases` that point to the version; `newest`: it also has "latest". `shown` is the content, composed or as stored.
PromptAnswer answerOf(const registry::Version& version, const prompt::Prompt& shown, std::vector<std::string> aliases,
                      bool newest);

/// Langfuse's tags are words; an asset's are keys with values. A word is a key without a value; a key with a value,
/// which other fronts set, is shown as "key:value". Reserved keys of fronts ("mlflow.…", "_…") are hidden.
std::vector<std::string> wordsOf(const registry::Tags& tags);
/// Sets the words of an asset to exactly these; keys with values stay.
void replaceWords(registry::Change& change, const registry::Asset& asset, const std::vector<std::string>& words);

}  // namespace regesta::api::langfuse
