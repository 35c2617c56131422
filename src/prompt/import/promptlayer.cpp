#include "base/error.h"
#include "prompt/import.h"
#include "prompt/import/json_reading.h"

namespace regesta::prompt {
namespace {

using namespace import;

void takeTemplate(json::object& content, const json::object& from, std::string_view name) {
  std::string format = textIn(from, "template_format");
  if (const json::array* messages = listIn(from, "messages")) {
    content["type"] = "chat";
    content["template"] = messagesOf(*messages);
    if (format.empty() && !messages->empty() && messages->front().is_object())
      format = textIn(messages->front().get_object(), "template_format");
  } else {
    content["type"] = "text";
    const json::value* words = from.if_contains("content");
    std::optional<std::string> text = words ? plainText(*words) : textIn(from, "template");
    if (!text) throw Invalid(fmt::format("prompt '{}'", name), "holds other parts than text");
    content["template"] = *text;
  }
  // PromptLayer's own default is the f-string.
  content["template_format"] = format == "jinja2" ? "jinja2" : "f-string";
  if (const json::array* tools = listIn(from, "tools"); tools && !tools->empty()) content["tools"] = *tools;
  if (const json::array* functions = listIn(from, "functions"); functions && !functions->empty())
    content["tools"] = *functions;
}

void takeModel(json::object& content, const json::object& from) {
  const json::object* metadata = objectIn(from, "metadata");
  const json::object* model = metadata ? objectIn(*metadata, "model") : nullptr;
  if (!model) return;
  json::object config;
  if (std::string provider = textIn(*model, "provider"); !provider.empty()) config["provider"] = provider;
  if (std::string name = textIn(*model, "name"); !name.empty()) config["model"] = name;
  if (const json::object* parameters = objectIn(*model, "parameters"))
    for (const auto& [key, value] : *parameters)
      if (key == "response_format" || !value.is_null()) config[key] = value;
  if (const json::value* format = config.if_contains("response_format")) {
    if (format->is_object()) content["response_format"] = *format;
    config.erase("response_format");
  }
  if (!config.empty()) content["model_config"] = std::move(config);
}

void takeLabels(const json::object& from, PromptFile& file) {
  for (std::string_view member : {"release_labels", "labels"})
    if (const json::array* labels = listIn(from, member))
      for (const json::value& label : *labels) {
        if (label.is_string()) file.aliases.emplace_back(label.get_string());
        if (label.is_object() && !textIn(label.get_object(), "name").empty())
          file.aliases.push_back(textIn(label.get_object(), "name"));
      }
  if (const json::array* tags = listIn(from, "tags"))
    for (const json::value& tag : *tags)
      if (tag.is_string()) file.tags.emplace(std::string(tag.get_string()), "");
}

PromptFile oneOf(const json::object& from) {
  PromptFile file{.name = textIn(from, "prompt_name"), .description = textIn(from, "commit_message")};
  if (file.name.empty()) file.name = textIn(from, "name");
  if (file.name.empty()) throw Invalid("export", "has a prompt without a \"prompt_name\"");
  json::object content;
  const json::object* text = objectIn(from, "prompt_template");
  takeTemplate(content, text ? *text : from, file.name);
  takeModel(content, from);
  file.prompt = promptOf(content, file.name);
  takeLabels(from, file);
  return file;
}

}  // namespace

std::vector<PromptFile> importPromptLayer(std::string_view bytes) {
  std::vector<PromptFile> files;
  for (const json::object& one : import::objectsOf(bytes, {"items", "prompt_templates", "data"}))
    files.push_back(oneOf(one));
  return files;
}

}  // namespace regesta::prompt
