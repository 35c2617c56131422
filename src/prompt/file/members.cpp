#include "prompt/file/members.h"

#include <algorithm>

#include "base/text.h"
#include "prompt/file/picoschema.h"
#include "prompt/file/roles.h"

namespace regesta::prompt::file {
namespace {

constexpr std::string_view contentMembers[] = {"type",         "template", "template_format", "input_schema",
                                               "model_config", "tools",    "response_format", "examples",
                                               "labels",       "partials"};
const std::vector<std::string> knownMembers = {
    "name",     "version",  "semver",       "description",  "tags",   "aliases",         "type",
    "template", "messages", "input_schema", "model_config", "tools",  "response_format", "examples",
    "labels",   "partials", "variables",    "model",        "config", "format",          "template_format"};

std::optional<json::value> take(FrontMatter& found, std::string_view member) {
  const json::value* value = found.members.if_contains(member);
  if (!value) return std::nullopt;
  json::value taken = *value;
  found.members.erase(member);
  if (taken.is_null()) return std::nullopt;
  return taken;
}

/// Reads the short form `shorter` if present, and refuses both forms together.
void rename(FrontMatter& found, std::string_view shorter, std::string_view member) {
  std::optional<json::value> value = take(found, shorter);
  if (!value) return;
  if (found.members.contains(member)) found.fail(shorter, fmt::format("must not be given with {}", member));
  found.members[member] = *std::move(value);
}

/// A list of names is the short form of texts that are all required.
void takeVariables(FrontMatter& found) {
  std::optional<json::value> value = take(found, "variables");
  if (!value) return;
  if (found.members.contains("input_schema")) found.fail("variables", "must not be given with input_schema");
  json::object members;
  if (value->is_array()) {
    for (const json::value& name : value->get_array()) {
      if (!name.is_string()) found.fail("variables", "must be a list of names, or names with their types");
      members[name.get_string()] = "string";
    }
    value = std::move(members);
  }
  try {
    found.members["input_schema"] = fromPicoschema(*value);
  } catch (const Error& fault) {
    found.fail("variables", fmt::format("are not a schema: {}", fault.message));
  }
}

void takeModel(FrontMatter& found) {
  rename(found, "config", "model_config");
  std::optional<json::value> model = take(found, "model");
  if (!model) return;
  json::value& config = found.members["model_config"];
  if (config.is_null()) config = json::object();
  if (!config.is_object()) found.fail("model_config", "must be a mapping when \"model\" is given");
  config.get_object()["model"] = *std::move(model);
}

void otherMembersToTags(FrontMatter& found, registry::Tags& tags) {
  for (const auto& [key, value] : found.members) {
    std::string name(key);
    if (std::optional<std::string> meant = nearest(name, knownMembers))
      found.fail(name, fmt::format("is unknown here; did you mean {}?", *meant));
    if (!value.is_null()) tags.emplace(name, tagText(value));
  }
  found.members.clear();
}

void takeBody(const FrontMatter& found, json::object& content, PromptFile& file) {
  const json::value* type = content.if_contains("type");
  if (content.contains("template")) {
    if (!found.body.empty()) found.fail("template", "must not be given with a text below the front matter");
    if (!type) content["type"] = content.at("template").is_array() ? "chat" : "text";
    return;
  }
  file.bodyLine = found.bodyLine;
  if (type ? *type == "chat" : startsWithRole(found.body)) {
    content["type"] = "chat";
    takeRoles(found, content, file);
  } else {
    if (!type) content["type"] = "text";
    content["template"] = found.body;
  }
}

}  // namespace

std::string tagText(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : writeJson(value);
}

std::string takeText(FrontMatter& found, std::string_view member) {
  std::optional<json::value> value = take(found, member);
  if (!value) return {};
  if (value->is_object() || value->is_array()) found.fail(member, "must be text");
  return tagText(*value);
}

std::vector<std::string> takeTexts(FrontMatter& found, std::string_view member) {
  std::optional<json::value> value = take(found, member);
  if (!value) return {};
  if (value->is_string()) return {std::string(value->get_string())};
  if (!value->is_array()) found.fail(member, "must be a list of texts");
  std::vector<std::string> texts;
  for (const json::value& each : value->get_array()) {
    if (each.is_object() || each.is_array() || each.is_null()) found.fail(member, "must be a list of texts");
    texts.push_back(tagText(each));
  }
  return texts;
}

void takeTags(FrontMatter& found, std::string_view member, registry::Tags& tags) {
  std::optional<json::value> value = take(found, member);
  if (!value) return;
  if (value->is_array()) {
    for (const json::value& name : value->get_array()) tags.emplace(tagText(name), "");
  } else if (value->is_object()) {
    for (const auto& [key, text] : value->get_object()) tags.emplace(std::string(key), tagText(text));
  } else {
    found.fail(member, "must be a mapping or a list of strings");
  }
}

Prompt contentOf(const FrontMatter& found, const json::object& content) {
  try {
    return parsePrompt(writeJson(content));
  } catch (const Invalid& fault) {
    std::size_t line = found.present ? found.lineOf(fault.field) : 0;
    failAt(found.path, line, fault.message);
  }
}

json::array messagesJson(const std::vector<Message>& messages) {
  json::array list;
  for (const Message& message : messages) {
    json::object members;
    if (message.placeholder.empty())
      members = {{"role", message.role}, {"content", message.content}};
    else
      members = {{"type", "placeholder"}, {"name", message.placeholder}};
    for (const auto& [key, value] : message.more) members[key] = value;
    list.emplace_back(std::move(members));
  }
  return list;
}

void takeRoles(const FrontMatter& found, json::object& content, PromptFile& file) {
  Roles roles = readRoles(found.body);
  if (roles.messages.empty()) failAt(found.path, found.bodyLine, "has no message");
  for (std::size_t i = 0; i < roles.messages.size(); ++i)
    file.messageLines.push_back(roles.messages[i].placeholder.empty() ? found.bodyLine + roles.lines[i] : 0);
  content["template"] = messagesJson(roles.messages);
}

PromptFile fromMembers(FrontMatter found) {
  PromptFile file;
  rename(found, "semver", "version");
  rename(found, "format", "template_format");
  rename(found, "messages", "template");
  takeVariables(found);
  takeModel(found);
  file.name = takeText(found, "name");
  file.semver = takeText(found, "version");
  file.description = takeText(found, "description");
  file.aliases = takeTexts(found, "aliases");
  takeTags(found, "tags", file.tags);
  json::object content;
  for (std::string_view member : contentMembers)
    if (std::optional<json::value> value = take(found, member)) content[member] = *std::move(value);
  FrontMatter lines = found;  // fail() looks at the text, which stays
  takeBody(lines, content, file);
  otherMembersToTags(found, file.tags);
  file.prompt = contentOf(lines, content);
  return file;
}

json::object toMembers(const PromptFile& file, std::string* body) {
  const Prompt& prompt = file.prompt;
  json::object members;
  if (!file.description.empty()) members["description"] = file.description;
  if (prompt.chat) members["type"] = "chat";
  if (prompt.format != TemplateFormat::mustache) members["template_format"] = formatName(prompt.format);
  if (!prompt.inputSchema.empty()) members["input_schema"] = prompt.inputSchema;
  if (!prompt.modelConfig.is_null()) members["model_config"] = prompt.modelConfig;
  if (!prompt.responseFormat.is_null()) members["response_format"] = prompt.responseFormat;
  if (!prompt.tools.empty()) members["tools"] = prompt.tools;
  if (!prompt.examples.empty()) members["examples"] = prompt.examples;
  if (!prompt.labels.empty()) members["labels"] = json::array(prompt.labels.begin(), prompt.labels.end());
  if (!prompt.partials.empty()) members["partials"] = prompt.partials;
  if (!file.tags.empty()) {
    json::object tags;
    for (const auto& [key, value] : file.tags) tags[key] = value;
    members["tags"] = std::move(tags);
  }
  if (!file.aliases.empty()) members["aliases"] = json::array(file.aliases.begin(), file.aliases.end());
  if (prompt.chat) {
    std::optional<std::string> roles = body ? writeRoles(prompt.messages) : std::nullopt;
    if (roles)
      *body = *std::move(roles);
    else
      members["messages"] = messagesJson(prompt.messages);
    return members;
  }
  bool plain = body && trimmedBody(prompt.text) == prompt.text && prompt.text.find('\r') == std::string::npos &&
               !prompt.text.starts_with("\xEF\xBB\xBF");
  if (plain) {
    if (startsWithRole(prompt.text)) members["type"] = "text";
    *body = prompt.text;
  } else {
    members["template"] = prompt.text;
  }
  return members;
}

}  // namespace regesta::prompt::file
