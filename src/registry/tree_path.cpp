#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "registry/tree.h"

namespace regesta::registry {
namespace {

constexpr std::size_t pathLength = 2000;  // an index entry of PostgreSQL holds little more
constexpr int decodings = 10;

std::string jsonQuoted(std::string_view value) {
  std::string shown;
  if (!value.empty()) appendJsonString(shown, value);
  return shown;
}

[[noreturn]] void refuse(std::string_view path, std::string_view rule) {
  throw PathError(std::string(rule), shorten(path, 200));
}

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// The rule that a text breaks when it is used as a path, or empty. Does not check for empty segments.
std::string_view fault(std::string_view path) {
  if (path.starts_with('/')) return "must be relative";
  if (path.size() >= 2 && isLetter(path[0]) && path[1] == ':') return "must not name a drive";
  for (char c : path) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return "must not contain control characters";
    if (c == '\\') return "must not contain a backslash";
    if (c == '#') return "must not contain '#'";
  }
  for (std::string_view segment : split(path, '/'))
    if (segment == "..") return "must not leave its folder";
  if (equalsIgnoreCase(path.substr(0, 5), "file:")) return "must not be a URI";
  return {};
}

/// A component that decodes the path again must get the place that was checked.
void checkDecoded(std::string_view path, std::string_view original) {
  std::string current(path);
  for (int i = 0; i < decodings; ++i) {
    std::optional<std::string> decoded = percentDecode(current);
    if (!decoded || *decoded == current) return;
    if (std::string_view rule = fault(*decoded); !rule.empty()) refuse(original, rule);
    current = *std::move(decoded);
  }
  refuse(original, "is encoded too often");
}

}  // namespace

PathError::PathError(std::string rule, std::string value)
    : Invalid("path", std::move(rule), jsonQuoted(value)), value(std::move(value)) {}

std::string safePath(std::string_view path) {
  if (path.size() > pathLength) refuse(path, fmt::format("is longer than {} bytes", pathLength));
  if (!isUtf8(path)) throw PathError("must be UTF-8");
  if (std::string_view rule = fault(path); !rule.empty()) refuse(path, rule);
  checkDecoded(path, path);
  std::vector<std::string> kept;
  for (std::string_view segment : split(path, '/'))
    if (!segment.empty() && segment != ".") kept.emplace_back(segment);
  return join(kept, "/");
}

}  // namespace regesta::registry
