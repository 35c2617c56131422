#include "api/native/prompts.h"

#include "delivery/register.h"
#include "registry/pointer.h"
#include "registry/reserved_tag.h"

namespace regesta::api::native {

namespace {

prompt::Prompt promptOf(const NewPrompt& request) {
  if (request.messages.text.empty() && request.templateText.empty())
    throw Invalid("template", "is required unless \"messages\" is given");
  if (!request.messages.text.empty() && !request.templateText.empty())
    throw Invalid("template", "must not be given with \"messages\"");
  json::object content;
  content["type"] = request.messages.text.empty() ? "text" : "chat";
  content["template"] =
      request.messages.text.empty() ? json::value(request.templateText) : parseJson(request.messages.text);
  if (!request.templateFormat.empty()) content["template_format"] = request.templateFormat;
  auto take = [&](std::string_view member, const RawJson& raw) {
    if (!raw.text.empty()) content[member] = parseJson(raw.text);
  };
  take("input_schema", request.inputSchema);
  take("model_config", request.modelConfig);
  take("response_format", request.responseFormat);
  take("tools", request.tools);
  take("examples", request.examples);
  take("partials", request.partials);
  if (!request.labels.empty()) content["labels"] = json::array(request.labels.begin(), request.labels.end());
  return prompt::parsePrompt(content);
}

}  // namespace

PromptAnswer fixedAnswer(const registry::Version& version) {
  PromptAnswer answer;
  answer.name = version.asset.key.name;
  answer.version = version.number;
  answer.semver = optionalText(version.semver);
  answer.digest = version.digest;
  answer.createdAt = timeText(version.createdAt);
  answer.createdBy = version.createdBy;
  if (version.content.empty()) return answer;
  prompt::Prompt prompt = prompt::parsePrompt(version.content);
  json::value content = parseJson(version.content);
  auto raw = [&](std::string_view member) {
    const json::value* value = content.as_object().if_contains(member);
    return RawJson{value ? writeJson(*value) : ""};
  };
  answer.type = prompt.chat ? "chat" : "text";
  if (prompt.chat)
    answer.messages = raw("template");
  else
    answer.templateText = prompt.text;
  if (prompt.format != prompt::TemplateFormat::mustache) answer.templateFormat = prompt::formatName(prompt.format);
  answer.inputSchema = raw("input_schema");
  answer.modelConfig = raw("model_config");
  answer.responseFormat = raw("response_format");
  answer.tools = raw("tools");
  answer.examples = raw("examples");
  answer.partials = raw("partials");
  answer.labels = raw("labels");
  return answer;
}

PromptAnswer fullPromptAnswer(const registry::Version& version, std::vector<std::string> aliases) {
  PromptAnswer answer = fixedAnswer(version);
  answer.description = version.description;
  answer.tags = version.tags;
  answer.aliases = std::move(aliases);
  return answer;
}

delivery::NewPrompt newPromptOf(const NewPrompt& request) {
  delivery::NewPrompt made{
      .prompt = promptOf(request), .unlessKnown = request.unlessKnown, .freshPartials = request.freshPartials};
  made.version.semver = request.semver;
  made.version.description = request.description;
  made.version.tags = request.tags;
  made.version.origin = registry::claimedOrigin(request.git);
  return made;
}

std::vector<BumpReasonAnswer> reasonAnswers(const prompt::BumpVerdict& verdict) {
  std::vector<BumpReasonAnswer> answers;
  answers.reserve(verdict.reasons.size());
  for (const prompt::BumpReason& reason : verdict.reasons)
    answers.push_back({std::string(prompt::bumpName(reason.bump)), reason.what});
  return answers;
}

PromptAnswer createPromptVersion(Call& call, const NewPrompt& request) {
  registry::AssetKey key = changeable(call, "prompt", request.name);
  delivery::NewPrompt made = newPromptOf(request);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    auto asset = registry::findAsset(change.transaction, key);
    if (!asset) asset = registry::createAsset(change, key, "", {});
    delivery::Registered registered = delivery::registerPrompt(change, *call.identity, *asset, made);
    PromptAnswer answer =
        fullPromptAnswer(registered.version, registry::aliasesOf(change.transaction, registered.version));
    answer.created = registered.created;
    answer.bump = prompt::bumpName(registered.bump.bump);
    answer.bumpReasons = reasonAnswers(registered.bump);
    answer.problems.text = writeJson(json::value(prompt::problemsJson(registered.problems)));
    call.status = registered.created ? 201 : 200;
    return answer;
  });
}

}  // namespace regesta::api::native
