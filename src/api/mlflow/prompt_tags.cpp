#include "api/mlflow/prompt_tags.h"

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "registry/pointer.h"
#include "registry/reserved_tag.h"

namespace regesta::api::mlflow {
namespace {

using registry::Tags;

constexpr std::string_view typeTag = "_mlflow_prompt_type";
constexpr std::string_view formatTag = "_mlflow_prompt_response_format";
constexpr std::string_view configTag = registry::modelConfigTag;

std::optional<std::string> take(Tags& tags, std::string_view key) {
  auto at = tags.find(std::string(key));
  if (at == tags.end()) return std::nullopt;
  std::string value = std::move(at->second);
  tags.erase(at);
  return value;
}

/// JSON objects and arrays are parsed; any other text stays text, so that it is returned byte for byte.
json::value structured(const std::string& text) {
  if (std::string_view shown = trim(text); shown.starts_with('{') || shown.starts_with('[')) {
    boost::system::error_code failed;
    json::parse_options options;
    options.max_depth = limits::jsonDepth;
    json::value value = json::parse(text, failed, {}, options);
    if (!failed) return value;
  }
  return json::value(text);
}

std::string flat(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : writeJson(value);
}

json::object contentOf(const registry::Version& version) {
  if (version.content.empty()) return {};
  json::value parsed = parseJson(version.content);
  return parsed.is_object() ? std::move(parsed.get_object()) : json::object();
}

/// Content tags are never taken from stored tags, because rows may be older than the rule.
Tags storedTags(Tags tags) {
  std::erase_if(tags, [](const auto& tag) { return registry::isContentTag(tag.first); });
  return tags;
}

bool isPrompt(const registry::Asset& asset) { return asset.key.kind == registry::Kind::prompt; }

}  // namespace

bool hasPromptTag(const Tags& tags) {
  auto at = tags.find(std::string(promptMarker));
  return at != tags.end() && equalsIgnoreCase(at->second, "true");
}

void dropFalseMarker(Tags& tags) {
  if (!hasPromptTag(tags)) tags.erase(std::string(promptMarker));
}

std::string takePromptContent(Tags& tags) {
  take(tags, promptMarker);
  std::optional<std::string> text = take(tags, promptText);
  if (!text) return {};
  std::string type = take(tags, typeTag).value_or("text");
  json::object content;
  if (std::optional<std::string> config = take(tags, configTag)) content["model_config"] = structured(*config);
  if (std::optional<std::string> format = take(tags, formatTag)) content["response_format"] = structured(*format);
  content["template"] = type == "chat" ? structured(*text) : json::value(*text);
  content["type"] = type;
  return canonicalJson(content);
}

Tags renderedTags(const registry::Version& version) {
  Tags tags = storedTags(version.tags);
  if (!isPrompt(version.asset)) return tags;
  json::object content = contentOf(version);
  auto show = [&](std::string_view tag, std::string_view member) {
    if (const json::value* value = content.if_contains(member)) tags.emplace(tag, flat(*value));
  };
  show(promptText, "template");
  show(typeTag, "type");
  show(formatTag, "response_format");
  show(configTag, "model_config");
  tags.emplace(promptMarker, "true");
  return tags;
}

Tags renderedTags(const registry::Asset& asset) {
  Tags tags = storedTags(asset.tags);
  if (isPrompt(asset)) tags.emplace(promptMarker, "true");
  return tags;
}

Tags renderedTags(db::Transaction& transaction, const registry::Version& version) {
  Tags tags = renderedTags(version);
  auto given = version.tags.find(std::string(configTag));
  if (given == version.tags.end() || !isPrompt(version.asset) || registry::hasBinding(transaction, version.asset.key))
    return tags;
  if (given->second.empty())
    tags.erase(given->first);
  else
    tags.insert_or_assign(given->first, given->second);
  return tags;
}

void checkPromptTagIsFree(const registry::Version& version, std::string_view key) {
  if (isPrompt(version.asset) && registry::isContentTag(key))
    throw error(Code::invalid,
                "The tag '{}' is the content of prompt version {} and cannot change: register a new version", key,
                version.number);
}

bool isModelConfig(const registry::Version& version, std::string_view key) {
  return isPrompt(version.asset) && key == configTag;
}

}  // namespace regesta::api::mlflow
