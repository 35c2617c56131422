#include "prompt/prompt.h"

#include "base/error.h"
#include "base/limits.h"

namespace regesta::prompt {
namespace {

constexpr std::string_view formatNames[] = {"mustache", "jinja2", "f-string"};

std::string textMember(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  if (!value || value->is_null()) return {};
  if (!value->is_string()) throw Invalid(std::string(member), "must be text");
  return std::string(value->get_string());
}

Message parseMessage(const json::value& value) {
  if (!value.is_object()) throw Invalid("messages", "must be a list of {\"role\", \"content\"}");
  Message message;
  json::object members = value.get_object();
  if (const json::value* type = members.if_contains("type"); type && *type == "placeholder") {
    message.placeholder = textMember(members, "name");
    if (message.placeholder.empty()) throw Invalid("messages", "a placeholder needs a \"name\"");
    members.erase("type");
    members.erase("name");
  } else {
    message.role = textMember(members, "role");
    if (message.role.empty() || !members.contains("content"))
      throw Invalid("messages", "must be a list of {\"role\", \"content\"}");
    // Content in parts (images, …) is not a template and stays unchanged.
    if (members.at("content").is_string()) {
      message.content = textMember(members, "content");
      members.erase("content");
    }
    members.erase("role");
  }
  message.more = std::move(members);
  return message;
}

json::object messageJson(const Message& message) {
  json::object members = message.more;
  if (!message.placeholder.empty()) {
    members["type"] = "placeholder";
    members["name"] = message.placeholder;
  } else {
    members["role"] = message.role;
    if (!members.contains("content")) members["content"] = message.content;
  }
  return members;
}

json::object objectMember(const json::object& content, std::string_view member) {
  const json::value* value = content.if_contains(member);
  if (!value || value->is_null()) return {};
  if (!value->is_object()) throw Invalid(std::string(member), "must be an object");
  return value->get_object();
}

json::array listMember(const json::object& content, std::string_view member) {
  const json::value* value = content.if_contains(member);
  if (!value || value->is_null()) return {};
  if (!value->is_array()) throw Invalid(std::string(member), "must be a list");
  return value->get_array();
}

json::value anyMember(const json::object& content, std::string_view member) {
  const json::value* value = content.if_contains(member);
  return value ? *value : json::value();
}

void parseTemplate(Prompt& prompt, const json::object& content) {
  const json::value* text = content.if_contains("template");
  if (!text) throw Invalid("template", "is required");
  if (!prompt.chat) {
    if (!text->is_string()) throw Invalid("template", "must be text for a text prompt");
    prompt.text = std::string(text->get_string());
    return;
  }
  if (!text->is_array() || text->get_array().empty())
    throw Invalid("messages", "must be a list of {\"role\", \"content\"}");
  if (text->get_array().size() > limits::promptMessages)
    throw Invalid("messages", fmt::format("must be at most {}", limits::promptMessages));
  for (const json::value& message : text->get_array()) prompt.messages.push_back(parseMessage(message));
}

}  // namespace

std::string_view formatName(TemplateFormat format) { return formatNames[static_cast<int>(format)]; }

std::optional<TemplateFormat> parseFormat(std::string_view text) {
  for (int i = 0; i < 3; ++i)
    if (formatNames[i] == text) return static_cast<TemplateFormat>(i);
  return std::nullopt;
}

std::vector<std::string_view> Prompt::templates() const {
  if (!chat) return {text};
  std::vector<std::string_view> all;
  for (const Message& message : messages)
    if (message.placeholder.empty()) all.push_back(message.content);
  return all;
}

Prompt parsePrompt(std::string_view contentJson) {
  json::value parsed = parseJson(contentJson);
  if (!parsed.is_object()) throw Invalid("content", "must be an object");
  return parsePrompt(parsed.get_object());
}

Prompt parsePrompt(const json::object& content) {
  Prompt prompt;
  std::string type = textMember(content, "type");
  if (type != "text" && type != "chat") throw Invalid("type", "must be \"text\" or \"chat\"");
  prompt.chat = type == "chat";
  parseTemplate(prompt, content);
  if (std::string format = textMember(content, "template_format"); !format.empty()) {
    std::optional<TemplateFormat> known = parseFormat(format);
    if (!known) throw Invalid("template_format", "must be mustache, jinja2 or f-string");
    prompt.format = *known;
  }
  prompt.inputSchema = objectMember(content, "input_schema");
  prompt.partials = objectMember(content, "partials");
  prompt.modelConfig = anyMember(content, "model_config");
  prompt.responseFormat = anyMember(content, "response_format");
  prompt.tools = listMember(content, "tools");
  prompt.examples = listMember(content, "examples");
  for (const json::value& label : listMember(content, "labels")) {
    if (!label.is_string()) throw Invalid("labels", "must be a list of strings");
    prompt.labels.emplace_back(label.get_string());
  }
  return prompt;
}

std::string canonicalPrompt(const Prompt& prompt) {
  json::object content;
  content["type"] = prompt.chat ? "chat" : "text";
  if (prompt.chat) {
    json::array messages;
    for (const Message& message : prompt.messages) messages.emplace_back(messageJson(message));
    content["template"] = std::move(messages);
  } else {
    content["template"] = prompt.text;
  }
  if (prompt.format != TemplateFormat::mustache) content["template_format"] = formatName(prompt.format);
  if (!prompt.inputSchema.empty()) content["input_schema"] = prompt.inputSchema;
  if (!prompt.partials.empty()) content["partials"] = prompt.partials;
  if (!prompt.modelConfig.is_null()) content["model_config"] = prompt.modelConfig;
  if (!prompt.responseFormat.is_null()) content["response_format"] = prompt.responseFormat;
  if (!prompt.tools.empty()) content["tools"] = prompt.tools;
  if (!prompt.examples.empty()) content["examples"] = prompt.examples;
  if (!prompt.labels.empty()) content["labels"] = json::array(prompt.labels.begin(), prompt.labels.end());
  return canonicalJson(content);
}

}  // namespace regesta::prompt
