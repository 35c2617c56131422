#include "api/native/prompts.h"

#include "delivery/register.h"
#include "registry/pointer.h"

namespace regesta::api::native {

namespace {

delivery::Prompt promptOf(const NewPrompt& asked) {
  if (asked.messages.text.empty() && asked.templateText.empty())
    throw Invalid("template", "or \"messages\" is required");
  if (!asked.messages.text.empty() && !asked.templateText.empty())
    throw Invalid("template", "must not stand beside \"messages\"");
  json::object content;
  content["type"] = asked.messages.text.empty() ? "text" : "chat";
  content["template"] = asked.messages.text.empty() ? json::value(asked.templateText) : parseJson(asked.messages.text);
  if (!asked.templateFormat.empty()) content["template_format"] = asked.templateFormat;
  auto take = [&](std::string_view member, const RawJson& raw) {
    if (!raw.text.empty()) content[member] = parseJson(raw.text);
  };
  take("input_schema", asked.inputSchema);
  take("model_config", asked.modelConfig);
  take("response_format", asked.responseFormat);
  take("tools", asked.tools);
  take("examples", asked.examples);
  take("partials", asked.partials);
  if (!asked.labels.empty()) content["labels"] = json::array(asked.labels.begin(), asked.labels.end());
  return delivery::parsePrompt(writeJson(content));
}

}  // namespace

PromptAnswer fixedAnswer(const registry::Version& version) {
  PromptAnswer answer;
  answer.name = version.asset.key.name;
  answer.version = version.number;
  answer.semver = textOrNothing(version.semver);
  answer.digest = version.digest;
  answer.createdAt = timeText(version.createdAt);
  answer.createdBy = version.createdBy;
  if (version.content.empty()) return answer;
  delivery::Prompt prompt = delivery::parsePrompt(version.content);
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
  if (prompt.format != delivery::TemplateFormat::mustache) answer.templateFormat = delivery::formatName(prompt.format);
  answer.inputSchema = raw("input_schema");
  answer.modelConfig = raw("model_config");
  answer.responseFormat = raw("response_format");
  answer.tools = raw("tools");
  answer.examples = raw("examples");
  answer.partials = raw("partials");
  answer.labels = raw("labels");
  return answer;
}

PromptAnswer wholeAnswer(const registry::Version& version, std::vector<std::string> aliases) {
  PromptAnswer answer = fixedAnswer(version);
  answer.description = version.description;
  answer.tags = version.tags;
  answer.aliases = std::move(aliases);
  return answer;
}

delivery::NewPrompt newPromptOf(Call& call, const NewPrompt& asked) {
  delivery::NewPrompt made{
      .prompt = promptOf(asked), .unlessKnown = asked.unlessKnown, .freshPartials = asked.freshPartials};
  made.version.semver = asked.semver;
  made.version.description = asked.description;
  made.version.tags = asked.tags;
  for (const delivery::PartialUse& use : delivery::partialsOf(made.prompt))
    call.require(governance::Verb::read, use.name);
  return made;
}

std::vector<BumpReasonAnswer> reasonAnswers(const delivery::BumpVerdict& verdict) {
  std::vector<BumpReasonAnswer> answers;
  for (const delivery::BumpReason& reason : verdict.reasons)
    answers.push_back({std::string(delivery::bumpName(reason.bump)), reason.what});
  return answers;
}

PromptAnswer createPromptVersion(Call& call, const NewPrompt& asked) {
  registry::AssetKey key = changeable(call, "prompt", asked.name);
  delivery::NewPrompt made = newPromptOf(call, asked);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    auto asset = registry::findAsset(change.session, key);
    if (!asset) asset = registry::createAsset(change, key, "", {});
    delivery::Registered registered = delivery::registerPrompt(change, *asset, made);
    PromptAnswer answer = wholeAnswer(registered.version, registry::aliasesOf(change.session, registered.version));
    answer.created = registered.created;
    answer.bump = delivery::bumpName(registered.bump.bump);
    answer.bumpReasons = reasonAnswers(registered.bump);
    answer.problems.text = writeJson(json::value(delivery::problemsJson(registered.problems)));
    call.status = registered.created ? 201 : 200;
    return answer;
  });
}

}  // namespace regesta::api::native
