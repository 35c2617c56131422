#include "api/native/prompts.h"

#include "base/semver.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "delivery/register.h"
#include "delivery/resolve.h"
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
  if (!asked.labels.empty()) content["labels"] = json::array(asked.labels.begin(), asked.labels.end());
  return delivery::parsePrompt(writeJson(content));
}

/// What never changes of a version.
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

std::string_view reasonName(delivery::Resolved::Reason reason) {
  switch (reason) {
    case delivery::Resolved::Reason::split:
      return "split";
    case delivery::Resolved::Reason::segment:
      return "segment";
    default:
      return "fixed";
  }
}

delivery::Asker askerOf(const PromptQuery& query) {
  delivery::Asker asker{query.key, {}};
  if (query.context.empty()) return asker;
  json::value context = parseJson(query.context);
  if (!context.is_object()) throw Invalid("context", "must be a JSON object");
  asker.context = std::move(context.get_object());
  return asker;
}

/// The body with its ETag, or 304 when the client has these bytes already.
Plain withTag(Call& call, const PromptAnswer& answer, std::string_view caching) {
  Plain response;
  response.body = writeAs(answer);
  std::string tag = fmt::format("\"{}\"", crypto::sha256Hex(response.body).substr(0, 32));
  response.headers.set("ETag", tag);
  response.headers.set("Cache-Control", std::string(caching));
  auto known = call.http.headers.get("If-None-Match");
  if (known && known->find(tag) != std::string_view::npos) {
    response.status = 304;
    response.body.clear();
  }
  return response;
}

}  // namespace

PromptAnswer createPromptVersion(Call& call, const NewPrompt& asked) {
  registry::AssetKey key = changeable(call, "prompt", asked.name);
  delivery::NewPrompt made{promptOf(asked), {}};
  made.version.semver = asked.semver;
  made.version.description = asked.description;
  made.version.tags = asked.tags;
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    auto asset = registry::findAsset(change.session, key);
    if (!asset) asset = registry::createAsset(change, key, "", {});
    delivery::Registered registered = delivery::registerPrompt(change, *asset, made);
    PromptAnswer answer = wholeAnswer(registered.version, registry::aliasesOf(change.session, registered.version));
    answer.created = registered.created;
    answer.bump = delivery::bumpName(registered.bump.bump);
    answer.bumpReasons.emplace();
    for (const delivery::BumpReason& reason : registered.bump.reasons)
      answer.bumpReasons->push_back({std::string(delivery::bumpName(reason.bump)), reason.what});
    call.status = registered.created ? 201 : 200;
    return answer;
  });
}

Plain getPromptVersion(Call& call, const PromptPath& path) {
  call.require(governance::Verb::read, path.name);
  delivery::Resolved found = call.core.prompts.resolve(call.workspace, path.name, path.selector, {});
  bool fixed = parseInteger(path.selector).has_value() || SemVer::parse(path.selector).has_value();
  if (fixed) return withTag(call, fixedAnswer(*found.version), "private, max-age=31536000, immutable");
  return withTag(call, wholeAnswer(*found.version, std::move(found.aliases)), "no-cache");
}

Plain resolvePrompt(Call& call, const PromptQuery& query) {
  call.require(governance::Verb::read, query.name);
  delivery::Resolved found = call.core.prompts.resolve(
      call.workspace, query.name, query.alias.empty() ? "production" : query.alias, askerOf(query));
  PromptAnswer answer = wholeAnswer(*found.version, std::move(found.aliases));
  answer.why = found.why;
  answer.reason = reasonName(found.reason);
  if (found.rollout != 0) {
    answer.rollout = found.rollout;
    answer.variant = found.variant;
  }
  return withTag(call, answer, "no-cache");
}

}  // namespace regesta::api::native
