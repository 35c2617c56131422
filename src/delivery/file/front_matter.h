#pragma once
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"

namespace regesta::delivery::file {

/// Members between two lines "---" at the head of a file, and the text behind them.
struct FrontMatter {
  std::string path;
  bool present = false;
  json::object members;
  std::string yaml;  ///< the members' text, for finding lines
  std::string body;  ///< without blank lines at its head and line ends at its foot; line ends are "\n"
  std::size_t bodyLine = 1;

  /// "PATH:LINE: rule", with the line on which the top-level member stands.
  [[noreturn]] void fail(std::string_view member, std::string_view rule) const;
  /// Line of a top-level member; 1 when it cannot be told.
  std::size_t lineOf(std::string_view member) const;
};

/// Throws Invalid with path and line for bytes that are not UTF-8, front matter without an end, or faulty YAML.
FrontMatter readFrontMatter(std::string_view path, std::string_view bytes);

/// `members` as YAML between "---" lines (nothing when empty), and the body with one line end.
std::string writeFrontMatter(const json::object& members, std::string_view body);

/// The text as the body of a file reads back; the writers put texts that are not like this into the front matter.
std::string_view trimmedBody(std::string_view text);

[[noreturn]] void failAt(std::string_view path, std::size_t line, std::string_view rule);
/// A document's members. Throws Invalid with path and line when it is faulty or no mapping.
json::object yamlMembers(std::string_view path, std::string_view text, std::size_t linesBefore);

}  // namespace regesta::delivery::file
