#include "api/native/prompt_tools.h"

#include "base/error.h"
#include "base/text.h"
#include "delivery/compose.h"
#include "delivery/diff.h"
#include "delivery/render.h"
#include "delivery/resolve.h"
#include "delivery/variables.h"

namespace regesta::api::native {
namespace {

using delivery::Prompt;
using registry::Version;

registry::AssetKey readable(Call& call, const std::string& name) {
  call.require(governance::Verb::read, name);
  return {call.workspace, registry::Kind::prompt, name};
}

json::array variablesJson(const Prompt& prompt) {
  json::array list;
  for (const delivery::Variable& variable : delivery::variablesOf(prompt)) {
    json::object one{{"name", variable.name},
                     {"required", variable.required},
                     {"declared", variable.declared},
                     {"used", variable.used},
                     {"schema", variable.schema}};
    if (!variable.fallback.is_null()) one["default"] = variable.fallback;
    list.emplace_back(std::move(one));
  }
  return list;
}

json::object versionJson(const Version& version) {
  json::object one{{"version", version.number}};
  if (!version.semver.empty()) one["semver"] = version.semver;
  one["digest"] = version.digest;
  return one;
}

/// The version right before, by number.
std::string selectorBefore(db::Session& session, const Version& version) {
  std::vector<Version> older = registry::listVersions(session, version.asset, 1, version.number);
  if (older.empty())
    throw error(Code::notFound, "prompt '{}' has no version before {}", version.asset.key.name, version.number);
  return std::to_string(older[0].number);
}

Plain jsonAnswer(const json::object& object) {
  Plain response;
  response.body = writeJson(json::value(object));
  response.headers.set("Content-Type", "application/json");
  return response;
}

json::object variablesOf(const RenderPrompt& asked) {
  if (asked.variables.text.empty()) return {};
  json::value value = parseJson(asked.variables.text);
  if (!value.is_object()) throw Invalid("variables", "must be an object of values by name");
  return std::move(value.get_object());
}

delivery::Resolved found(Call& call, const RenderPrompt& asked) {
  if (!asked.alias.empty() && !asked.version.empty()) throw Invalid("version", "must not stand beside \"alias\"");
  delivery::Asker asker{asked.key, {}};
  if (!asked.context.empty()) {
    json::value context = parseJson(asked.context);
    if (!context.is_object()) throw Invalid("context", "must be a JSON object");
    asker.context = std::move(context.get_object());
  }
  std::string selector = !asked.version.empty() ? asked.version : !asked.alias.empty() ? asked.alias : "production";
  return call.core.prompts.resolve(call.workspace, asked.name, selector, asker);
}

void putResult(json::object& answer, const Prompt& prompt, delivery::RenderedPrompt rendered, std::string_view format) {
  if (prompt.chat && format == "text") throw Invalid("format", "must be messages for a chat prompt");
  if (prompt.chat)
    answer["messages"] = std::move(rendered.messages);
  else if (format == "messages")
    answer["messages"] = json::array{json::object{{"role", "user"}, {"content", rendered.text}}};
  else
    answer["text"] = rendered.text;
}

}  // namespace

LintAnswer lintPrompt(Call& call, const NewPrompt& asked) {
  delivery::NewPrompt made = newPromptOf(call, asked);
  Prompt composed = made.prompt;
  std::vector<delivery::Problem> problems;
  if (asked.name.empty()) {
    problems = delivery::lint(made.prompt);
  } else {
    registry::AssetKey key = readable(call, asked.name);
    made.version.evenIfSame = true;  // looked at even if a version says the same
    made.version.semver.clear();
    delivery::Planned plan =
        call.core.store.read([&](db::Session& session) { return delivery::planPrompt(session, key, made); });
    problems = std::move(plan.registered.problems);
    composed = std::move(plan.composed);
  }
  LintAnswer answer;
  for (const delivery::Problem& problem : problems)
    ++(problem.severity == delivery::Severity::error ? answer.errors : answer.warnings);
  answer.problems.text = writeJson(json::value(delivery::problemsJson(problems)));
  answer.variables.text = writeJson(json::value(variablesJson(composed)));
  answer.tokens = static_cast<std::int64_t>(delivery::estimatedTokens(composed));
  return answer;
}

PlanAnswer planPromptVersion(Call& call, const NewPrompt& asked) {
  registry::AssetKey key = readable(call, asked.name);
  delivery::NewPrompt made = newPromptOf(call, asked);
  delivery::Planned plan =
      call.core.store.read([&](db::Session& session) { return delivery::planPrompt(session, key, made); });
  const delivery::Registered& registered = plan.registered;
  PlanAnswer answer{.name = asked.name, .created = registered.created};
  answer.breaking = registered.bump.bump == delivery::Bump::major;
  if (!registered.created) answer.version = registered.version.number;
  if (!registered.version.semver.empty()) answer.semver = registered.version.semver;
  answer.bump = delivery::bumpName(registered.bump.bump);
  answer.bumpReasons = reasonAnswers(registered.bump);
  answer.problems.text = writeJson(json::value(delivery::problemsJson(registered.problems)));
  if (delivery::hasErrors(registered.problems)) answer.refused = delivery::LintRefusal(registered.problems).message;
  if (!plan.refusal.empty()) answer.refused = plan.refusal;
  return answer;
}

Plain diffPromptVersions(Call& call, const DiffQuery& query) {
  registry::AssetKey key = readable(call, query.name);
  return call.core.store.read([&](db::Session& session) {
    Version to = registry::resolveVersion(session, key, query.to.empty() ? "latest" : query.to);
    Version from =
        registry::resolveVersion(session, key, query.from.empty() ? selectorBefore(session, to) : query.from);
    delivery::PromptDiff diff =
        delivery::diffPrompts(delivery::parsePrompt(from.content), delivery::parsePrompt(to.content),
                              delivery::compose(session, from).prompt, delivery::compose(session, to).prompt);
    json::object answer{{"from", versionJson(from)}, {"to", versionJson(to)}};
    for (auto& [member, value] : delivery::diffJson(diff)) answer[member] = std::move(value);
    return jsonAnswer(answer);
  });
}

Plain renderPrompt(Call& call, const RenderPrompt& asked) {
  call.require(governance::Verb::read, asked.name);
  json::object variables = variablesOf(asked);
  delivery::Resolved resolved = found(call, asked);
  Prompt prompt =
      call.core.store.read([&](db::Session& session) { return delivery::compose(session, *resolved.version).prompt; });
  json::object answer{{"name", asked.name}};
  for (auto& [member, value] : versionJson(*resolved.version)) answer[member] = std::move(value);
  putResult(answer, prompt, delivery::render(prompt, variables, call.core.policy), asked.format);
  if (!prompt.modelConfig.is_null()) answer["model_config"] = prompt.modelConfig;
  if (!prompt.responseFormat.is_null()) answer["response_format"] = prompt.responseFormat;
  if (!prompt.tools.empty()) answer["tools"] = prompt.tools;
  answer["why"] = resolved.why;
  return jsonAnswer(answer);
}

}  // namespace regesta::api::native
