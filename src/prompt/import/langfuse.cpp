#include <algorithm>

#include "base/error.h"
#include "prompt/import.h"
#include "prompt/import/json_reading.h"

namespace regesta::prompt {
namespace {

using namespace import;

PromptFile oneOf(const json::object& from) {
  PromptFile file{.name = textIn(from, "name"), .description = textIn(from, "commitMessage")};
  if (file.name.empty()) throw Invalid("export", "has a prompt without a \"name\"");
  json::object content;
  const json::value* prompt = from.if_contains("prompt");
  if (!prompt) throw Invalid(fmt::format("prompt '{}'", file.name), "has no \"prompt\"");
  content["type"] = prompt->is_array() ? "chat" : "text";
  content["template"] = prompt->is_array() ? json::value(messagesOf(prompt->get_array())) : *prompt;
  if (const json::object* config = objectIn(from, "config"); config && !config->empty())
    content["model_config"] = *config;
  file.prompt = promptOf(content, file.name);
  if (const json::array* labels = listIn(from, "labels"))
    for (const json::value& label : *labels)
      if (label.is_string() && label != "latest") file.aliases.emplace_back(label.get_string());
  if (const json::array* tags = listIn(from, "tags"))
    for (const json::value& tag : *tags)
      if (tag.is_string()) file.tags.emplace(std::string(tag.get_string()), "");
  return file;
}

std::int64_t numberOf(const json::object& from) {
  const json::value* version = from.if_contains("version");
  return version && version->is_int64() ? version->get_int64() : 0;
}

}  // namespace

std::vector<PromptFile> importLangfuse(std::string_view bytes) {
  std::vector<json::object> objects = import::objectsOf(bytes, {"data", "prompts"});
  std::sort(objects.begin(), objects.end(), [](const json::object& a, const json::object& b) {
    return std::pair(import::textIn(a, "name"), numberOf(a)) < std::pair(import::textIn(b, "name"), numberOf(b));
  });
  std::vector<PromptFile> files;
  for (const json::object& one : objects) files.push_back(oneOf(one));
  return files;
}

}  // namespace regesta::prompt
