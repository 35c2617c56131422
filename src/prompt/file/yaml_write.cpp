#include <algorithm>

#include "base/text.h"
#include "prompt/file/yaml.h"
#include "prompt/file/yaml_scalar.h"

namespace regesta::prompt::file {
namespace {

/// Characters that libyaml takes for line ends or refuses when they stand bare: C1 controls, NEL, the separators, the
/// byte order mark and the last two of the plane.
bool mustEscape(std::uint32_t c) {
  return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF ||
         c == 0xFFFE || c == 0xFFFF;
}

/// The code point at `at` of valid UTF-8; moves `at` after it.
std::uint32_t nextCodePoint(std::string_view text, std::size_t& at) {
  auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  std::uint32_t point = lead & (0x3F >> more);
  for (; more > 0 && at < text.size(); --more) point = point << 6 | (static_cast<unsigned char>(text[at++]) & 0x3F);
  return point;
}

bool isBare(std::string_view text) {
  for (std::size_t at = 0; at < text.size();)
    if (mustEscape(nextCodePoint(text, at))) return false;
  return true;
}

void appendQuoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    std::size_t start = at;
    std::uint32_t c = nextCodePoint(text, at);
    if (c == '"' || c == '\\')
      out += {'\\', static_cast<char>(c)};
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (mustEscape(c))
      out += fmt::format("\\u{:04X}", c);
    else
      out += text.substr(start, at - start);
  }
  out += '"';
}

/// Text that needs no quotes, by a rule much narrower than YAML's; words of YAML 1.1 are quoted for its readers.
bool isPlain(std::string_view text) {
  static constexpr std::string_view words[] = {"y", "n", "yes", "no", "on", "off"};
  if (text.empty() || !std::isalpha(static_cast<unsigned char>(text[0])) || text.back() == ' ') return false;
  for (char c : text)
    if (!std::isalnum(static_cast<unsigned char>(c)) && std::string_view(" _-./@+").find(c) == std::string_view::npos)
      return false;
  std::string small = lower(text);
  if (std::ranges::find(words, small) != std::end(words)) return false;
  std::optional<json::value> read = plainScalar(text);
  return read && read->is_string();
}

bool isLiteral(std::string_view text) {
  return text.size() > 1 && text.find('\n') != std::string_view::npos && text[0] != '\n' && text[0] != ' ' &&
         text[0] != '\t' && isBare(text);
}

std::string margin(std::size_t depth) { return std::string(2 * depth, ' '); }

void appendLiteral(std::string& out, std::string_view text, std::size_t depth) {
  out += text.ends_with("\n\n") ? "|+\n" : text.ends_with('\n') ? "|\n" : "|-\n";
  if (text.ends_with('\n')) text.remove_suffix(1);
  for (std::string_view line : split(text, '\n')) {
    if (!line.empty()) out += margin(depth), out += line;
    out += '\n';
  }
}

void appendText(std::string& out, std::string_view text, std::size_t depth) {
  if (isPlain(text))
    out += text, out += '\n';
  else if (isLiteral(text))
    appendLiteral(out, text, depth);
  else
    appendQuoted(out, text), out += '\n';
}

/// The value after "key:" or "-", which the caller has written.
void append(std::string& out, const json::value& value, std::size_t depth, bool behindDash) {
  if (value.is_object() && !value.get_object().empty()) {
    bool first = behindDash;  // the first member is on the dash's own line
    if (!behindDash) out += '\n';
    for (const auto& [key, member] : value.get_object()) {
      if (!first) out += margin(depth);
      first = false;
      if (isPlain(key))
        out += key;
      else
        appendQuoted(out, key);
      out += ':';
      if (!(member.is_object() && !member.get_object().empty()) && !(member.is_array() && !member.get_array().empty()))
        out += ' ';
      append(out, member, depth + 1, false);
    }
  } else if (value.is_array() && !value.get_array().empty()) {
    bool first = behindDash;
    if (!behindDash) out += '\n';
    for (const json::value& item : value.get_array()) {
      if (!first) out += margin(depth);
      first = false;
      out += "- ";
      append(out, item, depth + 1, true);
    }
  } else if (value.is_string()) {
    appendText(out, std::string_view(value.get_string()), depth);
  } else {
    out += value.is_object() ? "{}" : value.is_array() ? "[]" : writeJson(value);
    out += '\n';
  }
}

}  // namespace

std::string writeYaml(const json::value& value) {
  std::string out;
  if (value.is_string())
    appendQuoted(out, std::string_view(value.get_string())), out += '\n';
  else
    append(out, value, 0, false);
  if (out.starts_with('\n')) out.erase(0, 1);
  return out;
}

}  // namespace regesta::prompt::file
