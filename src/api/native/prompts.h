#pragma once
#include "api/native/versions.h"

namespace regesta::api::native {

struct NewPrompt {
  std::string name;
  RawJson messages;
  std::string templateText, semver, description;
  RawJson modelConfig, responseFormat;
  TextMap tags;
  static constexpr Field fields[] = {
      field<&NewPrompt::name>("name", required),
      field<&NewPrompt::messages>("messages", about("a chat prompt: [{\"role\", \"content\"}]")),
      field<&NewPrompt::templateText>("template", about("a text prompt, with {{variables}}")),
      field<&NewPrompt::semver>("semver"),
      field<&NewPrompt::description>("description"),
      field<&NewPrompt::modelConfig>("model_config"),
      field<&NewPrompt::responseFormat>("response_format"),
      field<&NewPrompt::tags>("tags")};
};
struct PromptAnswer {
  std::string name;
  std::int64_t version = 0;
  std::optional<std::string> semver;
  std::string type;
  std::optional<std::string> templateText;
  RawJson messages, modelConfig, responseFormat;
  std::string digest, description;
  TextMap tags;
  std::vector<std::string> aliases;
  std::optional<std::string> createdAt;
  std::string createdBy;
  std::optional<std::string> why;
  static constexpr Field fields[] = {field<&PromptAnswer::name>("name"),
                                     field<&PromptAnswer::version>("version"),
                                     field<&PromptAnswer::semver>("semver"),
                                     field<&PromptAnswer::type>("type"),
                                     field<&PromptAnswer::templateText>("template"),
                                     field<&PromptAnswer::messages>("messages"),
                                     field<&PromptAnswer::modelConfig>("model_config"),
                                     field<&PromptAnswer::responseFormat>("response_format"),
                                     field<&PromptAnswer::digest>("digest"),
                                     field<&PromptAnswer::description>("description"),
                                     field<&PromptAnswer::tags>("tags"),
                                     field<&PromptAnswer::aliases>("aliases"),
                                     field<&PromptAnswer::createdAt>("created_at"),
                                     field<&PromptAnswer::createdBy>("created_by"),
                                     field<&PromptAnswer::why>("why", about("how this version was chosen"))};
};
struct PromptPath {
  std::string name, selector;
  static constexpr Field fields[] = {field<&PromptPath::name>("name", required),
                                     field<&PromptPath::selector>("selector", required)};
};
struct PromptQuery {
  std::string name, alias, key;
  static constexpr Field fields[] = {field<&PromptQuery::name>("name", required),
                                     field<&PromptQuery::alias>("alias", about("default: production")),
                                     field<&PromptQuery::key>("key", about("who asks; decides in a rollout"))};
};

PromptAnswer createPromptVersion(Call& call, const NewPrompt& asked);
/// By number or exact SemVer the answer is immutable and says so to caches; other selectors are not.
Plain getPromptVersion(Call& call, const PromptPath& path);
/// With an ETag over what is delivered; 304 when the client has it.
Plain resolvePrompt(Call& call, const PromptQuery& query);

}  // namespace regesta::api::native
