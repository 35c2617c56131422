#include "evaluation/check/text_checks.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <vector>

#include "base/text.h"

namespace regesta::evaluation::check {
namespace {

constexpr std::size_t mostStarts = 200;  // brackets that firstJson tries: hostile text has many

std::string filled(std::string_view text, const json::object& vars) {
  std::string out;
  while (true) {
    std::size_t open = text.find("{{"), close = open == std::string_view::npos ? open : text.find("}}", open);
    if (close == std::string_view::npos) return out.append(text);
    out.append(text.substr(0, open));
    const json::value* value = vars.if_contains(trim(text.substr(open + 2, close - open - 2)));
    if (!value)
      out.append(text.substr(open, close + 2 - open));
    else if (value->is_string())
      out.append(std::string_view(value->get_string()));
    else
      out.append(writeJson(*value));
    text.remove_prefix(close + 2);
  }
}

std::vector<std::string_view> characters(std::string_view text, std::size_t most) {
  std::vector<std::string_view> out;
  for (std::size_t i = 0; i < text.size() && out.size() < most;) {
    std::size_t end = i + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
    out.push_back(text.substr(i, end - i));
    i = end;
  }
  return out;
}

bool isSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

}  // namespace

json::value fillIn(const json::value& value, const json::object& vars) {
  if (value.is_string()) return json::value(filled(value.get_string(), vars));
  if (value.is_array()) {
    json::array list;
    for (const json::value& item : value.get_array()) list.emplace_back(fillIn(item, vars));
    return list;
  }
  if (value.is_object()) {
    json::object object;
    for (const auto& member : value.get_object()) object[member.key()] = fillIn(member.value(), vars);
    return object;
  }
  return value;
}

std::size_t editDistance(std::string_view a, std::string_view b, std::size_t most) {
  auto from = characters(a, most), to = characters(b, most);
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= to.size(); ++j) {
      std::size_t changed = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({changed, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

std::size_t wordCount(std::string_view text) {
  std::size_t count = 0;
  bool inWord = false;
  for (char c : text) {
    if (!isSpace(c) && !inWord) ++count;
    inWord = !isSpace(c);
  }
  return count;
}

json::value firstJson(std::string_view text) {
  std::size_t tried = 0;
  for (std::size_t at = text.find_first_of("{["); at != std::string_view::npos && tried < mostStarts;
       at = text.find_first_of("{[", at + 1), ++tried) {
    json::stream_parser parser;
    boost::system::error_code broken;
    parser.write_some(text.data() + at, text.size() - at, broken);
    if (!broken && parser.done()) return parser.release();
  }
  return nullptr;
}

}  // namespace regesta::evaluation::check
