#include "prompt/file/front_matter.h"

#include "base/text.h"
#include "prompt/file/yaml.h"

namespace regesta::prompt::file {
namespace {

std::string withPlainLineEnds(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i)
    if (bytes[i] != '\r' || i + 1 == bytes.size() || bytes[i + 1] != '\n') text += bytes[i];
  return text;
}

std::size_t countLines(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Where the line "---" begins that ends the front matter.
std::size_t endOfFrontMatter(std::string_view text) {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    std::string_view rest = text.substr(at + 1);
    if (!rest.starts_with("---")) continue;
    std::string_view line = rest.substr(0, rest.find('\n'));
    if (trim(line) == "---") return at + 1;
  }
  return std::string_view::npos;
}

}  // namespace

void failAt(std::string_view path, std::size_t line, std::string_view rule) {
  throw Invalid(line == 0 ? std::string(path) : fmt::format("{}:{}", path, line), std::string(rule));
}

json::object yamlMembers(std::string_view path, std::string_view text, std::size_t linesBefore) {
  try {
    json::value value = parseYaml(text);
    if (value.is_null()) return {};
    if (!value.is_object()) failAt(path, linesBefore + 1, "must be members, as \"name: value\"");
    return std::move(value.get_object());
  } catch (const YamlFault& fault) {
    failAt(path, linesBefore + fault.line, fault.message);
  }
}

std::size_t FrontMatter::lineOf(std::string_view member) const {
  std::size_t line = 1;
  for (std::string_view each : split(yaml, '\n')) {
    ++line;  // the first line of the file is "---"
    std::string_view key = each.substr(0, each.find(':'));
    if (key == member || key == fmt::format("\"{}\"", member)) return line;
  }
  return 1;
}

void FrontMatter::fail(std::string_view member, std::string_view rule) const {
  failAt(path, present ? lineOf(member) : bodyLine, fmt::format("{} {}", member, rule));
}

std::string_view trimmedBody(std::string_view text) {
  if (trim(text).empty()) return {};
  while (true) {
    std::size_t end = text.find('\n');
    if (end == std::string_view::npos || !trim(text.substr(0, end)).empty()) break;
    text.remove_prefix(end + 1);
  }
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

FrontMatter readFrontMatter(std::string_view path, std::string_view bytes) {
  if (!isUtf8(bytes)) failAt(path, 0, "is not UTF-8");
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  std::string text = withPlainLineEnds(bytes);
  FrontMatter found;
  found.path = path;
  std::string_view body = text;
  if (trim(body.substr(0, body.find('\n'))) == "---" && body.starts_with("---")) {
    std::size_t start = body.find('\n'), end = endOfFrontMatter(body);
    if (end == std::string_view::npos) failAt(path, 1, "has front matter that no line \"---\" ends");
    found.present = true;
    found.yaml = end > start ? body.substr(start + 1, end - start - 1) : "";
    found.members = yamlMembers(path, found.yaml, 1);
    std::size_t bodyAt = body.find('\n', end);
    body = bodyAt == std::string_view::npos ? std::string_view() : body.substr(bodyAt + 1);
  }
  std::string_view shown = trimmedBody(body);
  std::size_t head = shown.empty() ? text.size() - body.size() : static_cast<std::size_t>(shown.data() - text.data());
  found.bodyLine = countLines(std::string_view(text).substr(0, head)) + 1;
  found.body = shown;
  return found;
}

std::string writeFrontMatter(const json::object& members, std::string_view body) {
  std::string out;
  if (!members.empty() || trim(body.substr(0, body.find('\n'))) == "---")
    out = fmt::format("---\n{}---\n", members.empty() ? "" : writeYaml(members));
  out += body;
  if (!body.empty()) out += '\n';
  return out;
}

}  // namespace regesta::prompt::file
