#pragma once
#include "api/native/versions.h"
#include "delivery/register.h"

namespace regesta::api::native {

struct NewPrompt {
  std::string name;
  RawJson messages;
  std::string templateText, templateFormat, semver, description;
  RawJson inputSchema, modelConfig, responseFormat, tools, examples, partials;
  std::vector<std::string> labels;
  TextMap tags, git;
  bool freshPartials = false, unlessKnown = false;
  static constexpr Field fields[] = {
      field<&NewPrompt::name>("name"),
      field<&NewPrompt::messages>("messages", about("a chat prompt: [{\"role\", \"content\"}]")),
      field<&NewPrompt::templateText>("template", about("a text prompt, with {{variables}}")),
      field<&NewPrompt::templateFormat>("template_format", about("mustache (the default), jinja2 or f-string")),
      field<&NewPrompt::inputSchema>("input_schema", about("JSON Schema of the variables")),
      field<&NewPrompt::modelConfig>("model_config"),
      field<&NewPrompt::responseFormat>("response_format"),
      field<&NewPrompt::tools>("tools"),
      field<&NewPrompt::examples>("examples"),
      field<&NewPrompt::partials>("partials", about("locks of an earlier registration, kept where they fit")),
      field<&NewPrompt::freshPartials>("fresh_partials", about("resolve every partial again")),
      field<&NewPrompt::unlessKnown>("unless_known", about("makes no version when any says this already")),
      field<&NewPrompt::labels>("labels"),
      field<&NewPrompt::semver>("semver", about("at least what the change asks for; absent: computed")),
      field<&NewPrompt::description>("description", about("the commit message")),
      field<&NewPrompt::tags>("tags"),
      field<&NewPrompt::git>("git", about("what the client's Git says of the file: commit, author, time, tag, dirty, "
                                          "signature; kept as git.… tags and marked as claimed"))};
};
struct BumpReasonAnswer {
  std::string bump, what;
  static constexpr Field fields[] = {field<&BumpReasonAnswer::bump>("bump"), field<&BumpReasonAnswer::what>("what")};
};
/// Absent members of the content are left out.
struct PromptAnswer {
  std::string name;
  std::int64_t version = 0;
  std::optional<std::string> semver;
  std::string type;
  std::optional<std::string> templateText;
  RawJson messages;
  std::optional<std::string> templateFormat;
  RawJson inputSchema, modelConfig, responseFormat, tools, examples, partials;
  RawJson labels;
  std::string digest;
  std::optional<std::string> description;
  std::optional<TextMap> tags;
  std::optional<std::vector<std::string>> aliases;
  std::optional<std::string> createdAt;
  std::string createdBy;
  std::optional<bool> created;
  std::optional<std::string> bump;
  std::optional<std::vector<BumpReasonAnswer>> bumpReasons;
  RawJson problems;
  std::optional<std::string> why, reason, variant;
  std::optional<std::int64_t> rollout;
  static constexpr Field fields[] = {
      field<&PromptAnswer::name>("name"),
      field<&PromptAnswer::version>("version"),
      field<&PromptAnswer::semver>("semver"),
      field<&PromptAnswer::type>("type"),
      field<&PromptAnswer::templateText>("template"),
      field<&PromptAnswer::messages>("messages"),
      field<&PromptAnswer::templateFormat>("template_format"),
      field<&PromptAnswer::inputSchema>("input_schema"),
      field<&PromptAnswer::modelConfig>("model_config"),
      field<&PromptAnswer::responseFormat>("response_format"),
      field<&PromptAnswer::tools>("tools"),
      field<&PromptAnswer::examples>("examples"),
      field<&PromptAnswer::partials>("partials"),
      field<&PromptAnswer::labels>("labels"),
      field<&PromptAnswer::digest>("digest"),
      field<&PromptAnswer::description>("description"),
      field<&PromptAnswer::tags>("tags"),
      field<&PromptAnswer::aliases>("aliases"),
      field<&PromptAnswer::createdAt>("created_at"),
      field<&PromptAnswer::createdBy>("created_by"),
      field<&PromptAnswer::created>("created", about("false: the newest version says exactly this already")),
      field<&PromptAnswer::bump>("bump"),
      field<&PromptAnswer::bumpReasons>("bump_reasons"),
      field<&PromptAnswer::problems>("problems", about("what lint found")),
      field<&PromptAnswer::why>("why", about("how this version was chosen")),
      field<&PromptAnswer::reason>("reason", about("fixed, split or segment")),
      field<&PromptAnswer::variant>("variant", about("of the rollout that decided")),
      field<&PromptAnswer::rollout>("rollout")};
};
/// The request, read and ready to register. Throws Invalid.
delivery::NewPrompt newPromptOf(const NewPrompt& request);
std::vector<BumpReasonAnswer> reasonAnswers(const prompt::BumpVerdict& verdict);

/// The request, read and ready to register. Throws Invalid.
delivery::NewPrompt newPromptOf(const NewPrompt& request);
std::vector<BumpReasonAnswer> reasonAnswers(const prompt::BumpVerdict& verdict);

PromptAnswer createPromptVersion(Call& call, const NewPrompt& request);
/// The immutable part of a version.
PromptAnswer fixedAnswer(const registry::Version& version);
/// With the mutable part: description, tags, aliases.
PromptAnswer fullPromptAnswer(const registry::Version& version, std::vector<std::string> aliases);

}  // namespace regesta::api::native
