#pragma once
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"

namespace regesta::prompt::file {

/// Members between two lines "---" at the start of a file, and the text after them.
struct FrontMatter {
  std::string path;
  bool present = false;
  json::object members;
  std::string yaml;  ///< the members' text, for finding lines
  std::string body;  ///< without blank lines at its head and line ends at its foot; line ends are "\n"
  std::size_t bodyLine = 1;

  /// "PATH:LINE: rule", with the line of the top-level member.
  [[noreturn]] void fail(std::string_view member, std::string_view rule) const;
  /// Line of a top-level member; 1 if unknown.
  std::size_t lineOf(std::string_view member) const;
};

/// Throws Invalid with path and line for bytes that are not UTF-8, front matter without an end, or faulty YAML.
FrontMatter readFrontMatter(std::string_view path, std::string_view bytes);

/// `members` as YAML between "---" lines (none if empty), and the body with one newline at the end.
std::string writeFrontMatter(const json::object& members, std::string_view body);

/// The text as read back from a file's body; writers put other texts into the front matter.
std::string_view trimmedBody(std::string_view text);

[[noreturn]] void failAt(std::string_view path, std::size_t line, std::string_view rule);
/// A document's members. Throws Invalid with path and line if it is faulty or not a mapping.
json::object yamlMembers(std::string_view path, std::string_view text, std::size_t linesBefore);

}  // namespace regesta::prompt::file
