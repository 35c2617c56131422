#include "prompt/import/json_reading.h"

#include "base/error.h"
#include "base/text.h"

namespace regesta::prompt::import {
namespace {

void addObjects(std::vector<json::object>& out, const json::value& value,
                std::initializer_list<std::string_view> members) {
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) {
      if (!item.is_object()) throw Invalid("export", "must hold objects");
      out.push_back(item.get_object());
    }
    return;
  }
  if (!value.is_object()) throw Invalid("export", "must be an object or a list of them");
  for (std::string_view member : members)
    if (const json::array* list = listIn(value.get_object(), member)) return addObjects(out, *list, {});
  out.push_back(value.get_object());
}

}  // namespace

std::string textIn(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value && value->is_string() ? std::string(value->get_string()) : "";
}
const json::object* objectIn(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value && value->is_object() ? &value->get_object() : nullptr;
}
const json::array* listIn(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value && value->is_array() ? &value->get_array() : nullptr;
}

std::vector<json::object> objectsOf(std::string_view bytes, std::initializer_list<std::string_view> members) {
  std::vector<json::object> objects;
  try {
    addObjects(objects, parseJson(bytes), members);
    return objects;
  } catch (const Invalid&) {
    throw;
  } catch (const Error&) {
    objects.clear();
    std::size_t line = 0;
    for (std::string_view text : split(bytes, '\n')) {
      ++line;
      if (trim(text).empty()) continue;
      try {
        addObjects(objects, parseJson(text), members);
      } catch (const Invalid&) {
        throw;
      } catch (const Error&) {
        if (line == 1) throw Invalid("export", "must be JSON, or one JSON object per line");
        throw Invalid("export", fmt::format("line {} is not JSON", line));
      }
    }
    return objects;
  }
}

std::optional<std::string> plainText(const json::value& content) {
  if (content.is_string()) return std::string(content.get_string());
  if (!content.is_array()) return std::nullopt;
  std::string text;
  for (const json::value& part : content.get_array()) {
    if (!part.is_object()) return std::nullopt;
    std::string type = textIn(part.get_object(), "type");
    const json::value* words = part.get_object().if_contains("text");
    if (!words || !words->is_string()) return std::nullopt;
    if (!type.empty() && type != "text" && type != "input_text" && type != "output_text") return std::nullopt;
    text += std::string_view(words->get_string());
  }
  return text;
}

json::array messagesOf(const json::array& messages) {
  json::array out;
  for (const json::value& value : messages) {
    if (!value.is_object()) throw Invalid("messages", "must be objects");
    json::object message = value.get_object();
    std::string type = textIn(message, "type");
    if (type == "placeholder" || textIn(message, "role") == "placeholder") {
      std::string name = textIn(message, "name");
      out.push_back(json::object{{"type", "placeholder"}, {"name", name.empty() ? "messages" : name}});
      continue;
    }
    if (type == "chatmessage" || type == "message") message.erase("type");
    // What other products fill in for themselves, and what is empty, says nothing.
    for (std::string_view member : {"input_variables", "template_format", "raw_request_display_role", "id", "status"})
      message.erase(member);
    json::object said;
    for (const auto& [member, one] : message)
      if (!one.is_null() && !(one.is_array() && one.get_array().empty())) said[member] = one;
    message = std::move(said);
    if (const json::value* content = message.if_contains("content"))
      if (std::optional<std::string> text = plainText(*content)) message["content"] = *text;
    if (!message.contains("content")) message["content"] = "";
    out.emplace_back(std::move(message));
  }
  return out;
}

Prompt promptOf(const json::object& content, std::string_view name) {
  try {
    return parsePrompt(writeJson(json::value(content)));
  } catch (const Invalid& fault) {
    throw Invalid(fmt::format("prompt '{}'", shorten(name, 100)), fault.message);
  }
}

}  // namespace regesta::prompt::import
