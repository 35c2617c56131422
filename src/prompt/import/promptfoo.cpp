#include "base/error.h"
#include "base/text.h"
#include "prompt/file/front_matter.h"
#include "prompt/import.h"
#include "prompt/import/json_reading.h"

namespace regesta::prompt {
namespace {

using namespace import;

std::string stemOf(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  return std::string(name.substr(0, std::min(name.rfind('.'), name.size())));
}

/// "openai:gpt-4o", "openai:chat:gpt-4o", {"id": …, "config": {…}}
void takeProvider(json::object& content, const json::object& configuration) {
  const json::array* providers = listIn(configuration, "providers");
  if (!providers || providers->empty()) return;
  const json::value& first = providers->front();
  json::object config;
  std::string id = first.is_string() ? std::string(first.get_string()) : "";
  if (first.is_object()) {
    id = textIn(first.get_object(), "id");
    if (const json::object* settings = objectIn(first.get_object(), "config")) config = *settings;
  }
  if (id.empty() || id.starts_with("file:") || id.starts_with("http")) return;
  std::size_t colon = id.find(':');
  if (colon != std::string::npos) config["provider"] = id.substr(0, colon);
  config["model"] = id.substr(id.rfind(':') + 1);
  content["model_config"] = std::move(config);
}

class Reader {
 public:
  Reader(std::string_view path, const json::object& configuration, const ReadFile& read)
      : path_(path), configuration_(configuration), read_(read) {}

  std::vector<PromptFile> all() {
    const json::value* prompts = configuration_.if_contains("prompts");
    if (!prompts) throw Invalid(std::string(path_), "has no \"prompts\"");
    if (prompts->is_array())
      for (const json::value& one : prompts->get_array()) add(one);
    else
      add(*prompts);
    return std::move(files_);
  }

 private:
  void add(const json::value& one) {
    if (one.is_string()) return text(std::string(one.get_string()), "");
    if (!one.is_object()) throw Invalid(std::string(path_), "has a prompt that is neither text nor members");
    const json::object& members = one.get_object();
    std::string label = textIn(members, "label");
    if (std::string raw = textIn(members, "raw"); !raw.empty()) return text(raw, label);
    std::string id = textIn(members, "id");
    if (id.empty()) id = textIn(members, "file");
    if (id.empty()) throw Invalid(std::string(path_), "has a prompt without \"raw\" or \"id\"");
    text(id.starts_with("file://") ? id : "file://" + id, label);
  }

  void text(const std::string& words, const std::string& label) {
    if (!words.starts_with("file://")) return put(words, label);
    std::string path = words.substr(7);
    if (path.ends_with(".py") || path.ends_with(".js") || path.ends_with(".ts") || path.ends_with(".mjs") ||
        path.find('*') != std::string::npos || path.find(".py:") != std::string::npos)
      throw Invalid(std::string(path_), fmt::format("takes a prompt from '{}', which is a program or a pattern", path));
    std::optional<std::string> bytes = read_(path);
    if (!bytes) throw Invalid(std::string(path_), fmt::format("takes a prompt from '{}', which is not there", path));
    put(*bytes, label.empty() ? stemOf(path) : label);
  }

  /// A JSON list is a chat; anything else text.
  void put(const std::string& words, const std::string& label) {
    PromptFile file{.name = label.empty() ? fmt::format("{}-{}", stemOf(path_), files_.size() + 1) : label};
    for (char& c : file.name)
      if (c == ':' || c == '\\') c = '-';
    json::object content{{"template_format", "jinja2"}};
    std::string_view shown = trim(words);
    bool chat = shown.starts_with('[');
    if (chat) {
      try {
        content["template"] = messagesOf(parseJson(shown).as_array());
      } catch (const Error&) {
        chat = false;
      }
    }
    content["type"] = chat ? "chat" : "text";
    if (!chat) content["template"] = file::trimmedBody(words);
    takeProvider(content, configuration_);
    file.prompt = promptOf(content, file.name);
    files_.push_back(std::move(file));
  }

  std::string_view path_;
  const json::object& configuration_;
  const ReadFile& read_;
  std::vector<PromptFile> files_;
};

}  // namespace

std::vector<PromptFile> importPromptfoo(std::string_view path, std::string_view bytes, const ReadFile& read) {
  json::object configuration = file::yamlMembers(path, bytes, 0);
  return Reader(path, configuration, read).all();
}

}  // namespace regesta::prompt
