#include "base/error.h"
#include "base/text.h"
#include "prompt/file/front_matter.h"
#include "prompt/import.h"
#include "prompt/import/json_reading.h"

namespace regesta::prompt {
namespace {

using namespace import;

/// What is neither words nor tools is a setting of the model.
constexpr std::string_view settings[] = {
    "model",       "temperature",         "top_p", "max_output_tokens", "max_tokens",        "reasoning",
    "tool_choice", "parallel_tool_calls", "store", "presence_penalty",  "frequency_penalty", "verbosity"};

json::array messagesIn(const json::object& from) {
  json::array messages;
  if (std::string instructions = textIn(from, "instructions"); !instructions.empty())
    messages.push_back(json::object{{"role", "developer"}, {"content", instructions}});
  for (std::string_view member : {"messages", "input", "prompt"})
    if (const json::array* list = listIn(from, member))
      for (json::value& message : messagesOf(*list)) messages.push_back(std::move(message));
  if (std::string input = textIn(from, "input"); !input.empty())
    messages.push_back(json::object{{"role", "user"}, {"content", input}});
  return messages;
}

/// {"text":{"format":{…}}} of the Responses API, {"response_format":{…}} of the other.
void takeFormat(json::object& content, const json::object& from) {
  const json::object* text = objectIn(from, "text");
  const json::object* format = text ? objectIn(*text, "format") : objectIn(from, "response_format");
  if (!format || textIn(*format, "type") == "text") return;
  const json::object* schema = objectIn(*format, "schema");
  content["response_format"] = schema ? *schema : *format;
}

PromptFile oneOf(const json::object& from, std::string_view name) {
  PromptFile file;
  for (std::string_view member : {"name", "title", "id"})
    if (file.name.empty()) file.name = textIn(from, member);
  if (!name.empty()) file.name = name;
  if (file.name.empty()) throw Invalid("name", "is required: what was pasted has none");
  if (std::string id = textIn(from, "id"); id.starts_with("pmpt_")) file.tags["openai.prompt"] = id;
  json::object content{{"type", "chat"}};
  content["template"] = messagesIn(from);
  json::object config;
  for (std::string_view setting : settings)
    if (const json::value* value = from.if_contains(setting); value && !value->is_null()) config[setting] = *value;
  if (!config.empty()) content["model_config"] = std::move(config);
  if (const json::array* tools = listIn(from, "tools"); tools && !tools->empty()) content["tools"] = *tools;
  takeFormat(content, from);
  file.prompt = promptOf(content, file.name);
  return file;
}

}  // namespace

std::vector<PromptFile> importOpenAi(std::string_view bytes, std::string_view name) {
  if (!isUtf8(bytes)) throw Invalid("export", "is not UTF-8");
  std::string_view shown = trim(bytes);
  if (!shown.starts_with('{') && !shown.starts_with('[')) {
    if (name.empty()) throw Invalid("name", "is required: what was pasted has none");
    PromptFile file{.name = std::string(name)};
    file.prompt.text = file::trimmedBody(bytes);
    return {std::move(file)};
  }
  json::value value = parseJson(shown);
  if (value.is_array() && !value.get_array().empty() && value.get_array()[0].is_object() &&
      value.get_array()[0].get_object().contains("role"))
    return {oneOf({{"messages", value}}, name)};
  std::vector<PromptFile> files;
  for (const json::object& one : import::objectsOf(shown, {"data", "prompts"})) {
    const json::object* nested = import::objectIn(one, "prompt");
    files.push_back(oneOf(nested && nested->contains("instructions") ? *nested : one, name));
  }
  return files;
}

std::vector<PromptId> promptIdsIn(std::string_view text) {
  std::vector<PromptId> found;
  std::size_t line = 0;
  for (std::string_view each : split(text, '\n')) {
    ++line;
    for (std::size_t at = each.find("pmpt_"); at != std::string_view::npos; at = each.find("pmpt_", at + 5)) {
      std::size_t end = at + 5;
      while (end < each.size() && std::isalnum(static_cast<unsigned char>(each[end]))) ++end;
      if (end - at >= 13) found.push_back({std::string(each.substr(at, end - at)), line});
    }
  }
  return found;
}

}  // namespace regesta::prompt
