#include "telemetry/trace_preview.h"

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "tracking/rules.h"

namespace regesta::telemetry {
namespace {

const json::object* messageIn(const json::value& value) {
  const json::object* object = value.if_object();
  return object && object->contains("role") && object->contains("content") ? object : nullptr;
}

const json::object* lastOf(const json::array& list, std::string_view role) {
  const json::object* last = nullptr;
  for (auto item = list.rbegin(); item != list.rend(); ++item) {
    const json::object* message = messageIn(*item);
    if (message == nullptr) continue;
    if (last == nullptr) last = message;
    const json::value& said = message->at("role");
    if (said.is_string() && said.get_string() == role) return message;
  }
  return last;
}

const json::object* findMessage(const json::value& value, std::string_view role) {
  const json::object* object = value.if_object();
  if (object == nullptr) return nullptr;
  if (const json::value* choices = object->if_contains("choices"); choices && choices->is_array()) {
    const json::array& list = choices->get_array();
    const json::object* first = list.empty() ? nullptr : list[0].if_object();
    const json::value* message = first ? first->if_contains("message") : nullptr;
    if (message && messageIn(*message)) return messageIn(*message);
  }
  for (std::string_view name : {"messages", "input", "output"}) {
    const json::value* list = object->if_contains(name);
    if (list && list->is_array())
      if (const json::object* found = lastOf(list->get_array(), role)) return found;
  }
  const json::value* inner = object->if_contains("request");
  return inner ? findMessage(*inner, role) : nullptr;
}

std::string contentOf(const json::object& message) {
  const json::value& content = message.at("content");
  if (content.is_string()) return std::string(content.get_string());
  if (!content.is_array()) return {};
  for (const json::value& part : content.get_array()) {
    if (part.is_string()) return std::string(part.get_string());
    const json::object* object = part.if_object();
    const json::value* text = object ? object->if_contains("text") : nullptr;
    if (text && text->is_string()) return std::string(text->get_string());
  }
  return {};
}

void appendPythonJson(std::string& out, const json::value& value) {
  if (const json::object* object = value.if_object()) {
    out += '{';
    for (auto member = object->begin(); member != object->end(); ++member) {
      if (member != object->begin()) out += ", ";
      appendJsonString(out, member->key());
      out += ": ";
      appendPythonJson(out, member->value());
    }
    out += '}';
  } else if (const json::array* array = value.if_array()) {
    out += '[';
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out += ", ";
      appendPythonJson(out, (*array)[i]);
    }
    out += ']';
  } else {
    out += writeJson(value);
  }
}

}  // namespace

std::string pythonJson(const json::value& value) {
  std::string out;
  appendPythonJson(out, value);
  return out;
}

std::string previewOf(const std::string& jsonText, std::string_view role) {
  std::string content;
  try {
    json::value parsed = parseJson(jsonText);
    if (const json::object* message = findMessage(parsed, role)) content = contentOf(*message);
  } catch (const Error&) {
    content.clear();  // plain text is shown unchanged
  }
  const std::string& shown = content.empty() ? jsonText : content;
  std::string cut = tracking::truncated(shown, limits::tracePreview);
  return cut.size() == shown.size() ? shown : tracking::truncated(shown, limits::tracePreview - 3) + "...";
}

}  // namespace regesta::telemetry
