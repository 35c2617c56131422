#include "base/redact.h"

#include "base/text.h"

namespace regesta {
namespace {

constexpr std::string_view mark = "://";

struct Parts {
  std::string_view scheme, authority, path, query, fragment;  ///< query and fragment without '?' and '#'
  bool hasQuery = false, hasFragment = false;
};

Parts partsOf(std::string_view url, std::size_t at) {
  Parts parts{.scheme = url.substr(0, at)};
  std::string_view rest = url.substr(at + mark.size());
  std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  parts.authority = rest.substr(0, end);
  rest.remove_prefix(end);
  if (std::size_t hash = rest.find('#'); hash != std::string_view::npos) {
    parts.fragment = rest.substr(hash + 1);
    parts.hasFragment = true;
    rest = rest.substr(0, hash);
  }
  if (std::size_t question = rest.find('?'); question != std::string_view::npos) {
    parts.query = rest.substr(question + 1);
    parts.hasQuery = true;
    rest = rest.substr(0, question);
  }
  parts.path = rest;
  return parts;
}

/// "a=1&b=2" becomes "a=***&b=***"; a part without a name is all value.
std::string withoutValues(std::string_view query) {
  std::string out;
  for (std::string_view part : split(query, '&')) {
    if (!out.empty()) out += '&';
    std::size_t equals = part.find('=');
    if (equals != std::string_view::npos) out += part.substr(0, equals + 1);
    if (!part.empty()) out += redacted;
  }
  return out;
}

std::string withoutUser(const Parts& parts) {
  std::size_t at = parts.authority.rfind('@');
  if (at == std::string_view::npos) return std::string(parts.authority);
  std::string_view user = parts.authority.substr(0, at);
  // "git@" of an SSH address names an account and is not a credential.
  bool name = parts.scheme.find("ssh") != std::string_view::npos && user.find(':') == std::string_view::npos;
  return fmt::format("{}{}", name ? user : redacted, parts.authority.substr(at));
}

std::string rebuilt(std::string_view url, bool keepPath) {
  std::size_t at = url.find(mark);
  if (at == std::string_view::npos || at == 0) return std::string(url);
  Parts parts = partsOf(url, at);
  std::string out = fmt::format("{}{}{}", parts.scheme, mark, withoutUser(parts));
  if (keepPath)
    out += parts.path;
  else if (parts.path.size() > 1)
    out += fmt::format("/{}", redacted);
  if (parts.hasQuery) out += "?" + withoutValues(parts.query);
  if (!parts.hasFragment) return out;
  bool values = parts.fragment.find('=') != std::string_view::npos;
  return out + "#" + (values ? withoutValues(parts.fragment) : std::string(parts.fragment));
}

}  // namespace

std::string redactUrl(std::string_view url) { return rebuilt(url, true); }
std::string redactPath(std::string_view url) { return rebuilt(url, false); }

std::string redactText(std::string_view text) {
  constexpr std::string_view between = " \t\r\n\"'<>()[]{},;";
  std::string out;
  while (!text.empty()) {
    std::size_t end = std::min(text.find_first_of(between), text.size());
    out += redactUrl(text.substr(0, end));
    text.remove_prefix(end);
    std::size_t next = std::min(text.find_first_not_of(between), text.size());
    out += text.substr(0, next);
    text.remove_prefix(next);
  }
  return out;
}

}  // namespace regesta
