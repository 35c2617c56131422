#pragma once
#include "api/native/prompts.h"

/// Tools for prompts: lint, comparison, rendering.
namespace regesta::api::native {

struct LintAnswer {
  RawJson problems;
  std::int64_t errors = 0, warnings = 0, tokens = 0;
  RawJson variables;
  static constexpr Field fields[] = {
      field<&LintAnswer::problems>("problems", about("[{severity, rule, message, message_index, line, column}]")),
      field<&LintAnswer::errors>("errors"), field<&LintAnswer::warnings>("warnings"),
      field<&LintAnswer::tokens>("tokens", about("an estimate that needs no model's vocabulary")),
      field<&LintAnswer::variables>("variables", about("[{name, required, declared, used, schema, default}]"))};
};
/// With a name, partials are put in as at registration; without one the prompt is looked at for itself.
LintAnswer lintPrompt(Call& call, const NewPrompt& request);

struct PlanAnswer {
  std::string name;
  bool created = false, breaking = false;
  std::optional<std::int64_t> version;
  std::optional<std::string> semver;
  std::string bump;
  std::vector<BumpReasonAnswer> bumpReasons;
  RawJson problems;
  std::optional<std::string> refused;
  static constexpr Field fields[] = {
      field<&PlanAnswer::name>("name"),
      field<&PlanAnswer::created>("created", about("whether registering would make a version")),
      field<&PlanAnswer::breaking>("breaking", about("the change asks for a new major version")),
      field<&PlanAnswer::version>("version", about("the existing version with this content")),
      field<&PlanAnswer::semver>("semver"),
      field<&PlanAnswer::bump>("bump"),
      field<&PlanAnswer::bumpReasons>("bump_reasons"),
      field<&PlanAnswer::problems>("problems"),
      field<&PlanAnswer::refused>("refused", about("why registering would be refused"))};
};
/// Previews a registration.
PlanAnswer planPromptVersion(Call& call, const NewPrompt& request);

struct DiffQuery {
  std::string name, from, to;
  static constexpr std::string_view documentation =
      "Shows the words and members that differ, and the SemVer bump that the difference demands.";
  static constexpr Field fields[] = {
      field<&DiffQuery::name>("name", required),
      field<&DiffQuery::from>("from", about("any selector; default: the version before `to`")),
      field<&DiffQuery::to>("to", about("any selector; default: latest"))};
};
/// {"from","to","bump","bump_reasons","texts","members"}: changed words, changed members, and the bump.
Plain diffPromptVersions(Call& call, const DiffQuery& query);

struct RenderPrompt {
  std::string name, alias, version, key, context, format;
  RawJson variables;
  static constexpr std::string_view formats[] = {"text", "messages"};
  static constexpr std::string_view documentation =
      "Fills in the variables of a version and returns the text or messages. Nothing is sent to a model.";
  static constexpr Field fields[] = {
      field<&RenderPrompt::name>("name", required),
      field<&RenderPrompt::alias>("alias", about("default: production")),
      field<&RenderPrompt::version>("version", about("any selector, in place of an alias")),
      field<&RenderPrompt::key>("key", about("targeting key of the caller; decides in a rollout")),
      field<&RenderPrompt::context>("context", about("a JSON object that segments look at")),
      field<&RenderPrompt::format>("format", oneOf(formats) | about("messages: a text prompt as one user message")),
      field<&RenderPrompt::variables>("variables", about("values by name; a placeholder's is a list of messages"))};
};
/// {"name","version","semver","text" or "messages","model_config",…}
Plain renderPrompt(Call& call, const RenderPrompt& request);

}  // namespace regesta::api::native
