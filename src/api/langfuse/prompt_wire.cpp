#include "api/langfuse/prompt_wire.h"

#include <algorithm>
#include <set>

#include "base/time.h"

namespace regesta::api::langfuse {
namespace {

constexpr std::string_view jsonNull = "null";

json::object itemOf(const json::value& value) {
  if (!value.is_object()) throw Invalid("prompt", "must be a list of {\"role\", \"content\"} and placeholders");
  json::object item = value.get_object();
  const json::value* type = item.if_contains("type");
  if (type && *type == "placeholder") return item;
  const json::value* content = item.if_contains("content");
  if (!content || !content->is_string()) throw Invalid("prompt", "needs a message's \"content\" as text");
  item.erase("type");  // "chatmessage", which is what a message is anyway
  return item;
}

json::value templateOf(const NewPrompt& request, bool chat) {
  json::value given = request.prompt.text.empty() ? json::value() : parseJson(request.prompt.text);
  if (!chat) {
    if (!given.is_string()) throw Invalid("prompt", "must be text for a text prompt");
    return given;
  }
  if (!given.is_array()) throw Invalid("prompt", "must be a list of messages for a chat prompt");
  json::array items;
  for (const json::value& value : given.get_array()) items.emplace_back(itemOf(value));
  return items;
}

/// Langfuse's SDKs want text. Parts that are text follow one another; others (images) show as their JSON.
std::string flat(const json::value& content) {
  if (!content.is_array()) return writeJson(content);
  std::string all;
  for (const json::value& part : content.get_array()) {
    const json::value* text = part.is_object() ? part.get_object().if_contains("text") : nullptr;
    all += text && text->is_string() ? std::string(text->get_string()) : writeJson(part);
  }
  return all;
}

json::array messagesOf(const prompt::Prompt& prompt) {
  json::array items;
  for (const prompt::Message& message : prompt.messages) {
    json::object item = message.more;
    if (!message.placeholder.empty()) {
      item["type"] = "placeholder";
      item["name"] = message.placeholder;
    } else {
      const json::value* parts = item.if_contains("content");
      std::string content = parts ? flat(*parts) : message.content;
      item["role"] = message.role;
      item["content"] = content;
    }
    items.emplace_back(std::move(item));
  }
  return items;
}

bool isWord(std::string_view key) {
  return !key.starts_with('_') && !key.starts_with("mlflow.") && !key.starts_with("regesta.");
}

std::string rawUnlessEmpty(const json::object& object) { return object.empty() ? "" : writeJson(object); }

}  // namespace

prompt::Prompt promptOf(const NewPrompt& request) {
  if (!request.type.empty() && request.type != "text" && request.type != "chat")
    throw Invalid("type", "must be \"text\" or \"chat\"");
  bool chat = request.type == "chat";
  json::object content{{"type", chat ? "chat" : "text"}, {"template", templateOf(request, chat)}};
  json::value config = request.config.text.empty() ? json::value() : parseJson(request.config.text);
  // SDKs send {} for "none": the same content as a client that sends nothing.
  bool none = config.is_null() || (config.is_object() && config.get_object().empty());
  if (!none) content["model_config"] = std::move(config);
  return prompt::parsePrompt(content);
}

PromptAnswer answerOf(const registry::Version& version, const prompt::Prompt& shown, std::vector<std::string> aliases,
                      bool newest) {
  PromptAnswer answer;
  answer.id = std::to_string(version.id);
  answer.projectId = version.asset.key.workspace;
  answer.name = version.asset.key.name;
  answer.version = version.number;
  answer.type = shown.chat ? "chat" : "text";
  answer.prompt.text = writeJson(shown.chat ? json::value(messagesOf(shown)) : json::value(shown.text));
  answer.config.text = shown.modelConfig.is_null() ? "{}" : writeJson(shown.modelConfig);
  answer.isActive = std::ranges::find(aliases, "production") != aliases.end();
  answer.labels = std::move(aliases);
  if (newest) answer.labels.emplace_back(latestLabel);
  answer.tags = wordsOf(version.asset.tags);
  answer.commitMessage.text = version.description.empty() ? jsonNull : writeJson(json::value(version.description));
  answer.resolutionGraph.text = jsonNull;
  answer.createdBy = version.createdBy;
  answer.createdAt = formatTime(version.createdAt);
  answer.updatedAt = formatTime(version.updatedAt);
  if (!version.semver.empty()) answer.semver = version.semver;
  answer.digest = version.digest;
  if (shown.format != prompt::TemplateFormat::mustache) answer.templateFormat = prompt::formatName(shown.format);
  answer.inputSchema.text = rawUnlessEmpty(shown.inputSchema);
  if (!shown.responseFormat.is_null()) answer.responseFormat.text = writeJson(shown.responseFormat);
  if (!shown.tools.empty()) answer.tools.text = writeJson(shown.tools);
  return answer;
}

std::vector<std::string> wordsOf(const registry::Tags& tags) {
  std::vector<std::string> words;
  for (const auto& [key, value] : tags)
    if (isWord(key)) words.push_back(value.empty() ? key : fmt::format("{}:{}", key, value));
  return words;
}

void replaceWords(registry::Change& change, const registry::Asset& asset, const std::vector<std::string>& words) {
  std::set<std::string> wanted(words.begin(), words.end());
  for (const auto& [key, value] : asset.tags) {
    if (!isWord(key)) continue;
    bool kept = wanted.erase(value.empty() ? key : fmt::format("{}:{}", key, value)) > 0;
    if (!kept && value.empty()) registry::deleteAssetTag(change, asset, key);
  }
  for (const std::string& word : wanted) registry::setAssetTag(change, asset, word, "");
}

}  // namespace regesta::api::langfuse
