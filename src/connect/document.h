#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"

namespace regesta::connect {

/// A part of a text in no program's own markup. Every text in it is untrusted: connectors write it so that it stays
/// text.
struct Block {
  enum class Kind { heading, text, table, link };
  Kind kind = Kind::text;
  std::string text;                            ///< heading, text (lines end with \n), words of the link
  std::string url = {};                        ///< link
  std::vector<std::vector<std::string>> rows;  ///< table: the first row is its head

  static Block heading(std::string words) { return {Kind::heading, std::move(words), {}, {}}; }
  static Block paragraph(std::string words) { return {Kind::text, std::move(words), {}, {}}; }
  static Block link(std::string words, std::string url) { return {Kind::link, std::move(words), std::move(url), {}}; }
  static Block table(std::vector<std::vector<std::string>> rows) { return {Kind::table, {}, {}, std::move(rows)}; }
};
using Document = std::vector<Block>;

/// A title without line breaks, shortened to about `longest` bytes.
inline std::string titleLine(std::string_view title, std::size_t longest) {
  std::string line = shorten(title, longest);
  for (char& c : line)
    if (c == '\n' || c == '\r') c = ' ';
  return line;
}

}  // namespace regesta::connect
