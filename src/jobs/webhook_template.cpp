#include "jobs/webhook_template.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/limits_delivery.h"
#include "base/text.h"

namespace regesta::jobs {
namespace {

constexpr std::size_t mostHeaders = 16, headerName = 100, headerValue = 4096, templateBytes = 16 * 1024;
constexpr int deepest = 32;
constexpr std::string_view opening = "{{", closing = "}}";
constexpr std::string_view leftOut = "(left out: the filled template would be too large)";

bool isHeaderName(std::string_view name) {
  constexpr std::string_view signs = "!#$%&'*+-.^_`|~";
  return !name.empty() && name.size() <= headerName && std::ranges::all_of(name, [&](unsigned char c) {
    return std::isalnum(c) || signs.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

/// Set by the server, or of the connection.
bool isReserved(const std::string& name) {
  static const std::set<std::string, std::less<>> reserved = {
      "connection", "content-length",    "content-type", "expect",  "host",
      "te",         "transfer-encoding", "trailer",      "upgrade", "proxy-authorization"};
  return reserved.contains(name) || name.starts_with("webhook-") || name.starts_with("x-mlflow-");
}

bool isPath(std::string_view path) {
  return !path.empty() && path.size() <= 200 &&
         std::ranges::all_of(path, [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c == '.'; });
}

const json::value* find(const json::object& event, std::string_view path) {
  const json::object* at = &event;
  while (true) {
    std::size_t dot = path.find('.');
    const json::value* found = at->if_contains(path.substr(0, dot));
    if (!found || dot == std::string_view::npos) return found;
    if (!found->is_object()) return nullptr;
    at = &found->get_object();
    path.remove_prefix(dot + 1);
  }
}

std::string textOf(const json::value* value) {
  if (!value || value->is_null()) return {};
  if (value->is_string()) return std::string(value->get_string());
  return writeJson(*value);
}

/// Calls `text` and `place` in turn for the parts of a string.
template <class Text, class Place>
void eachPart(std::string_view string, Text text, Place place) {
  while (true) {
    std::size_t begin = string.find(opening);
    text(string.substr(0, begin));
    if (begin == std::string_view::npos) return;
    std::size_t end = string.find(closing, begin);
    if (end == std::string_view::npos) throw Invalid("template", "has {{ without }}");
    std::string_view path = trim(string.substr(begin + opening.size(), end - begin - opening.size()));
    if (!isPath(path))
      throw Invalid("template",
                    fmt::format("contains '{}', which is not a path such as data.reason", shorten(path, 60)));
    place(path);
    string.remove_prefix(end + closing.size());
  }
}

/// `room`: bytes that may still be filled in. A place that needs more gets a note instead: one small template can name
/// one large value many times.
json::value filled(std::string_view string, const json::object& event, std::size_t& room) {
  std::string out;
  std::size_t places = 0;
  bool around = false;
  const json::value* last = nullptr;
  eachPart(
      string,
      [&](std::string_view text) {
        around |= !text.empty();
        out += text;
      },
      [&](std::string_view path) {
        ++places;
        last = find(event, path);
        std::string text = textOf(last);
        if (text.size() > room) {
          last = nullptr;
          text = leftOut;
        }
        room -= std::min(room, text.size());
        out += text;
      });
  if (places == 1 && !around && last) return *last;
  return json::value(out);
}

void fill(json::value& value, const json::object& event, int depth, std::size_t& room) {
  if (depth > deepest) throw Invalid("template", fmt::format("must not be nested more than {} levels", deepest));
  if (value.is_string()) {
    value = filled(std::string(value.get_string()), event, room);
  } else if (value.is_array()) {
    for (json::value& one : value.get_array()) fill(one, event, depth + 1, room);
  } else if (value.is_object()) {
    for (auto& member : value.get_object()) fill(member.value(), event, depth + 1, room);
  }
}

}  // namespace

void checkHeaders(const WebhookHeaders& headers) {
  if (headers.size() > mostHeaders) throw Invalid("headers", fmt::format("must be at most {}", mostHeaders));
  std::set<std::string> seen;
  for (const auto& [name, value] : headers) {
    if (!isHeaderName(name)) throw Invalid("headers", fmt::format("has '{}', which is not a name", shorten(name, 60)));
    if (isReserved(lower(name))) throw Invalid("headers", fmt::format("must not set {}: the server does", name));
    if (!seen.insert(lower(name)).second) throw Invalid("headers", fmt::format("names {} twice", name));
    bool plain = std::ranges::all_of(value, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
    if (value.empty() || value.size() > headerValue || !plain)
      throw Invalid("headers",
                    fmt::format("must have 1 to {} printable ASCII characters as value of {}", headerValue, name));
  }
}

void checkTemplate(std::string_view text) {
  if (text.size() > templateBytes) throw Invalid("template", fmt::format("must have at most {} bytes", templateBytes));
  json::value value;
  try {
    value = parseJson(text);
  } catch (const Error& fault) {
    throw Invalid("template", fmt::format("must be JSON: {}", fault.message));
  }
  std::size_t room = limits::webhookFilled;
  fill(value, {}, 0, room);
}

json::value fillTemplate(std::string_view text, const json::object& event) {
  json::value value = parseJson(text);
  std::size_t room = limits::webhookFilled;
  fill(value, event, 0, room);
  return value;
}

json::object templateEvent(json::object event) {
  std::string subject = memberText(event, "subject");
  std::size_t slash = subject.find('/');
  std::size_t end = subject.find_last_of("@#");
  if (end == std::string::npos || slash == std::string::npos || end < slash) end = subject.size();
  event["kind"] = subject.substr(0, std::min(slash, subject.size()));
  event["name"] = slash == std::string::npos ? "" : subject.substr(slash + 1, end - slash - 1);
  event["version"] = end < subject.size() && subject[end] == '@' ? subject.substr(end + 1) : "";
  return event;
}

}  // namespace regesta::jobs
