#include "prompt/file/roles.h"

#include <algorithm>

#include "base/text.h"
#include "prompt/file/front_matter.h"

namespace regesta::prompt::file {
namespace {

constexpr std::string_view known[] = {"system", "user", "assistant", "developer", "tool"};

/// A role or a placeholder's name when the line starts a message.
struct Start {
  std::string role, placeholder;
};

std::optional<Start> startOf(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  if (line.starts_with("placeholder: ")) {
    std::string_view name = trim(line.substr(13));
    if (name.empty() || name.find_first_of(" \t") != std::string_view::npos) return std::nullopt;
    return Start{"", std::string(name)};
  }
  if (!line.ends_with(':')) return std::nullopt;
  line.remove_suffix(1);
  if (std::ranges::find(known, line) == std::end(known)) return std::nullopt;
  return Start{std::string(line), ""};
}

bool isEscaped(std::string_view line) {
  std::size_t slashes = std::min(line.find_first_not_of('\\'), line.size());
  return slashes > 0 && startOf(line.substr(slashes)).has_value();
}

void close(Roles& roles, std::string& text, std::size_t firstLine) {
  if (roles.messages.empty()) {
    if (trim(text).empty()) return;
    roles.messages.push_back({.role = "system"});
    roles.lines.push_back(firstLine);
  }
  if (!roles.messages.back().placeholder.empty()) return;
  std::string_view shown = trimmedBody(text);
  if (!shown.empty()) {
    auto skipped = std::count(std::as_const(text).data(), shown.data(), '\n');
    roles.lines.back() = firstLine + static_cast<std::size_t>(skipped);
  }
  roles.messages.back().content = shown;
}

}  // namespace

bool startsWithRole(std::string_view body) { return startOf(body.substr(0, body.find('\n'))).has_value(); }

Roles readRoles(std::string_view body) {
  Roles roles;
  std::string text;
  std::size_t line = 0, firstLine = 0;
  for (std::string_view each : split(body, '\n')) {
    if (std::optional<Start> start = startOf(each)) {
      close(roles, text, firstLine);
      text.clear();
      firstLine = line + 1;
      roles.messages.push_back({.role = start->role, .placeholder = start->placeholder});
      roles.lines.push_back(start->placeholder.empty() ? firstLine : 0);
    } else {
      text += isEscaped(each) ? each.substr(1) : each;
      text += '\n';
    }
    ++line;
  }
  close(roles, text, firstLine);
  return roles;
}

std::optional<std::string> writeRoles(const std::vector<Message>& messages) {
  std::string body;
  for (const Message& message : messages) {
    if (!message.more.empty() || trimmedBody(message.content) != message.content) return std::nullopt;
    if (message.content.find('\r') != std::string::npos) return std::nullopt;
    std::string start = message.placeholder.empty() ? message.role + ":" : "placeholder: " + message.placeholder;
    std::optional<Start> read = startOf(start);
    if (!read || read->role != message.role || read->placeholder != message.placeholder) return std::nullopt;
    if (!body.empty()) body += '\n';
    body += start + '\n';
    if (message.content.empty()) continue;
    for (std::string_view line : split(message.content, '\n')) {
      if (startOf(line) || isEscaped(line)) body += '\\';
      body += line;
      body += '\n';
    }
  }
  while (body.ends_with('\n')) body.pop_back();
  return body;
}

}  // namespace regesta::prompt::file
