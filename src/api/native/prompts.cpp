#include "api/native/prompts.h"

#include "base/semver.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "registry/pointer.h"

namespace regesta::api::native {

namespace {

registry::AssetKey keyOf(const Call& call, std::string_view name) {
  return {call.workspace, registry::Kind::prompt, std::string(name)};
}

std::string contentOf(const NewPrompt& asked) {
  json::object content;
  if (!asked.messages.text.empty()) {
    json::value messages = parseJson(asked.messages.text);
    if (!messages.is_array() || messages.as_array().empty())
      throw Invalid("messages", "must be a list of {\"role\", \"content\"}");
    for (const json::value& message : messages.as_array()) {
      const json::value* role = message.is_object() ? message.as_object().if_contains("role") : nullptr;
      if (!role || !role->is_string() || !message.as_object().contains("content"))
        throw Invalid("messages", "must be a list of {\"role\", \"content\"}");
    }
    if (!asked.templateText.empty()) throw Invalid("template", "must not stand beside \"messages\"");
    content = {{"template", std::move(messages)}, {"type", "chat"}};
  } else {
    if (asked.templateText.empty()) throw Invalid("template", "or \"messages\" is required");
    content = {{"template", asked.templateText}, {"type", "text"}};
  }
  if (!asked.modelConfig.text.empty()) content["model_config"] = parseJson(asked.modelConfig.text);
  if (!asked.responseFormat.text.empty()) content["response_format"] = parseJson(asked.responseFormat.text);
  return canonicalJson(content);
}

PromptAnswer answerOf(const VersionAnswer& version) {
  PromptAnswer answer;
  answer.name = version.name;
  answer.version = version.version;
  answer.semver = version.semver;
  answer.digest = version.digest;
  answer.description = version.description;
  answer.tags = version.tags;
  answer.aliases = version.aliases;
  answer.createdAt = version.createdAt;
  answer.createdBy = version.createdBy;
  json::value content = version.content.text.empty() ? json::object() : parseJson(version.content.text);
  if (!content.is_object()) return answer;
  auto member = [&](std::string_view name) { return content.as_object().if_contains(name); };
  if (const json::value* type = member("type"); type && type->is_string()) answer.type = type->as_string();
  if (const json::value* text = member("template")) {
    if (text->is_string())
      answer.templateText = std::string(text->as_string());
    else
      answer.messages.text = json::serialize(*text);
  }
  if (const json::value* config = member("model_config")) answer.modelConfig.text = json::serialize(*config);
  if (const json::value* format = member("response_format")) answer.responseFormat.text = json::serialize(*format);
  return answer;
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
  registry::NewVersion made;
  made.semver = asked.semver;
  made.content = contentOf(asked);
  made.description = asked.description;
  made.tags = asked.tags;
  call.status = 201;
  return answerOf(storeVersion(call, key, made, true));
}

Plain getPromptVersion(Call& call, const PromptPath& path) {
  call.require(governance::Verb::read, path.name);
  VersionAnswer version = call.core.store.read([&](db::Session& session) {
    return versionAnswer(session, registry::resolveVersion(session, keyOf(call, path.name), path.selector));
  });
  PromptAnswer answer = answerOf(version);
  bool fixed = parseInteger(path.selector).has_value() || SemVer::parse(path.selector).has_value();
  if (!fixed) return withTag(call, answer, "no-cache");
  // Only what never changes: aliases, tags and description do.
  answer.aliases.clear();
  answer.tags.clear();
  answer.description.clear();
  return withTag(call, answer, "private, max-age=31536000, immutable");
}

Plain resolvePrompt(Call& call, const PromptQuery& query) {
  call.require(governance::Verb::read, query.name);
  std::string alias = query.alias.empty() ? "production" : query.alias;
  PromptAnswer answer = answerOf(call.core.store.read([&](db::Session& session) {
    return versionAnswer(session, registry::resolveVersion(session, keyOf(call, query.name), alias));
  }));
  answer.why = fmt::format("'{}' stands on version {}", alias, answer.version);
  return withTag(call, answer, "no-cache");
}

}  // namespace regesta::api::native
