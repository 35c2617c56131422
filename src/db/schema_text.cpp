#include "db/schema_text.h"

#include <cctype>

#include "base/text.h"
#include "db/sql_text.h"

namespace regesta::db {
namespace {

bool isBlank(std::string_view token) { return token.find_first_not_of(" \t\r\n") == token.npos; }

void replaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

std::string plainExpression(std::string_view sql) {
  std::string out;
  std::string_view before;  // the token before, without blanks
  bool cast = false;        // after "::", until something that a type does not consist of
  for (std::size_t at = 0; at < sql.size();) {
    std::size_t end = tokenEnd(sql, at);
    std::string_view token = sql.substr(at, end - at);
    at = end;
    if (isBlank(token) || token.starts_with("--") || token.starts_with("/*")) continue;
    bool word = std::isalpha(static_cast<unsigned char>(token.front())) != 0 || token.front() == '"';
    if (token == ":" && before == ":") cast = true;
    bool skipped = token == ":" || token == "(" || token == ")" || (cast && word && before != "]") ||
                   lower(token) == "collate" || lower(before) == "collate";
    if (cast && token != ":" && !word) cast = false;
    before = token;
    if (skipped) continue;
    out += token.front() == '\'' ? std::string(token) : lower(token);
    out += ' ';
  }
  replaceAll(out, "= any array [ ", "in ");
  replaceAll(out, "] ", "");
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace regesta::db
