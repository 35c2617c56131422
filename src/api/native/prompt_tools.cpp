#include "api/native/prompt_tools.h"

#include "base/error.h"
#include "base/text.h"
#include "delivery/resolve.h"
#include "prompt/compose.h"
#include "prompt/diff.h"
#include "prompt/render.h"
#include "prompt/variables.h"

namespace regesta::api::native {
namespace {

using prompt::Prompt;
using registry::Version;

registry::AssetKey readable(Call& call, const std::string& name) {
  call.require(access::Verb::read, name);
  return {call.workspace, registry::Kind::prompt, name};
}

json::array variablesJson(const Prompt& prompt) {
  json::array list;
  for (const prompt::Variable& variable : prompt::variablesOf(prompt)) {
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
std::string selectorBefore(db::Transaction& transaction, const Version& version) {
  std::vector<Version> older = registry::listVersions(transaction, version.asset, 1, version.number);
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

json::object variablesOf(const RenderPrompt& request) {
  if (request.variables.text.empty()) return {};
  json::value value = parseJson(request.variables.text);
  if (!value.is_object()) throw Invalid("variables", "must be an object of values by name");
  return std::move(value.get_object());
}

delivery::Resolved found(Call& call, const RenderPrompt& request) {
  if (!request.alias.empty() && !request.version.empty()) throw Invalid("version", "must not be given with \"alias\"");
  rollout::EvaluationContext context{request.key, {}};
  if (!request.context.empty()) {
    json::value value = parseJson(request.context);
    if (!value.is_object()) throw Invalid("context", "must be a JSON object");
    context.attributes = std::move(value.get_object());
  }
  std::string selector = !request.version.empty() ? request.version
                         : !request.alias.empty() ? request.alias
                                                  : "production";
  return call.core.prompts.resolve(call.workspace, request.name, selector, context);
}

void putResult(json::object& answer, const Prompt& prompt, prompt::RenderedPrompt rendered, std::string_view format) {
  if (prompt.chat && format == "text") throw Invalid("format", "must be messages for a chat prompt");
  if (prompt.chat)
    answer["messages"] = std::move(rendered.messages);
  else if (format == "messages")
    answer["messages"] = json::array{json::object{{"role", "user"}, {"content", rendered.text}}};
  else
    answer["text"] = rendered.text;
}

}  // namespace

LintAnswer lintPrompt(Call& call, const NewPrompt& request) {
  delivery::NewPrompt made = newPromptOf(request);
  Prompt composed = made.prompt;
  std::vector<prompt::Problem> problems;
  if (request.name.empty()) {
    problems = prompt::lint(made.prompt);
  } else {
    registry::AssetKey key = readable(call, request.name);
    made.version.evenIfSame = true;  // looked at even if a version says the same
    made.version.semver.clear();
    delivery::Planned plan = call.core.store.read(
        [&](db::Transaction& transaction) { return delivery::planPrompt(transaction, *call.identity, key, made); });
    problems = std::move(plan.registered.problems);
    composed = std::move(plan.composed);
  }
  LintAnswer answer;
  for (const prompt::Problem& problem : problems)
    ++(problem.severity == prompt::Severity::error ? answer.errors : answer.warnings);
  answer.problems.text = writeJson(json::value(prompt::problemsJson(problems)));
  answer.variables.text = writeJson(json::value(variablesJson(composed)));
  answer.tokens = static_cast<std::int64_t>(prompt::estimatedTokens(composed));
  return answer;
}

PlanAnswer planPromptVersion(Call& call, const NewPrompt& request) {
  registry::AssetKey key = readable(call, request.name);
  delivery::NewPrompt made = newPromptOf(request);
  delivery::Planned plan = call.core.store.read(
      [&](db::Transaction& transaction) { return delivery::planPrompt(transaction, *call.identity, key, made); });
  const delivery::Registered& registered = plan.registered;
  PlanAnswer answer{.name = request.name, .created = registered.created};
  answer.breaking = registered.bump.bump == prompt::Bump::major;
  if (!registered.created) answer.version = registered.version.number;
  if (!registered.version.semver.empty()) answer.semver = registered.version.semver;
  answer.bump = prompt::bumpName(registered.bump.bump);
  answer.bumpReasons = reasonAnswers(registered.bump);
  answer.problems.text = writeJson(json::value(prompt::problemsJson(registered.problems)));
  if (prompt::hasErrors(registered.problems)) answer.refused = delivery::LintRefusal(registered.problems).message;
  if (!plan.refusal.empty()) answer.refused = plan.refusal;
  return answer;
}

Plain diffPromptVersions(Call& call, const DiffQuery& query) {
  registry::AssetKey key = readable(call, query.name);
  return call.core.store.read([&](db::Transaction& transaction) {
    Version to = registry::resolveVersion(transaction, key, query.to.empty() ? "latest" : query.to);
    Version from =
        registry::resolveVersion(transaction, key, query.from.empty() ? selectorBefore(transaction, to) : query.from);
    prompt::PromptDiff diff =
        prompt::diffPrompts(prompt::parsePrompt(from.content), prompt::parsePrompt(to.content),
                            prompt::compose(transaction, from).prompt, prompt::compose(transaction, to).prompt);
    json::object answer{{"from", versionJson(from)}, {"to", versionJson(to)}};
    for (auto& [member, value] : prompt::diffJson(diff)) answer[member] = std::move(value);
    return jsonAnswer(answer);
  });
}

Plain renderPrompt(Call& call, const RenderPrompt& request) {
  call.require(access::Verb::read, request.name);
  json::object variables = variablesOf(request);
  delivery::Resolved resolved = found(call, request);
  Prompt prompt = call.core.store.read(
      [&](db::Transaction& transaction) { return prompt::compose(transaction, *resolved.version).prompt; });
  json::object answer{{"name", request.name}};
  for (auto& [member, value] : versionJson(*resolved.version)) answer[member] = std::move(value);
  putResult(answer, prompt, prompt::render(prompt, variables, call.core.policy), request.format);
  if (!prompt.modelConfig.is_null()) answer["model_config"] = prompt.modelConfig;
  if (!prompt.responseFormat.is_null()) answer["response_format"] = prompt.responseFormat;
  if (!prompt.tools.empty()) answer["tools"] = prompt.tools;
  answer["why"] = resolved.why;
  return jsonAnswer(answer);
}

}  // namespace regesta::api::native
