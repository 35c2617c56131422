#include "db/sql_text.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace regesta::db {
namespace {

bool isWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

}  // namespace

std::size_t tokenEnd(std::string_view sql, std::size_t at) {
  auto behind = [&](std::string_view closing, std::size_t from) {
    std::size_t found = sql.find(closing, from);
    return found == std::string_view::npos ? sql.size() : found + closing.size();
  };
  if (sql[at] == '\'' || sql[at] == '"') return behind(sql.substr(at, 1), at + 1);
  if (sql.substr(at, 2) == "--") return behind("\n", at);
  if (sql.substr(at, 2) == "/*") return behind("*/", at + 2);
  std::size_t end = at;
  while (end < sql.size() && isWordCharacter(sql[end])) ++end;
  return std::max(end, at + 1);
}

void requireParameters(std::string_view sql, std::size_t count) {
  std::set<std::size_t> used;
  for (std::size_t at = 0; at < sql.size();) {
    std::size_t end = tokenEnd(sql, at);
    if (sql[at] == '$')
      used.insert(static_cast<std::size_t>(parseInteger(sql.substr(at + 1, end - at - 1)).value_or(0)));
    at = end;
  }
  if (used.size() != count || (count > 0 && (*used.begin() != 1 || *used.rbegin() != count)))
    throw error(Code::internal, "{} parameters were given, and not just these are used: {}", count, shorten(sql, 300));
}

}  // namespace regesta::db
