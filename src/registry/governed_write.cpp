#include "registry/governed_write.h"

#include <algorithm>

#include "base/error.h"

namespace regesta::registry {
namespace {

bool skip(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

/// Does the list of assignments name the column?
bool assigns(std::string_view assignments, std::string_view column) {
  for (std::size_t at = assignments.find(column); at != std::string_view::npos; at = assignments.find(column, at + 1)) {
    bool begins = at == 0 || assignments[at - 1] == ' ' || assignments[at - 1] == ',' || assignments[at - 1] == '\n';
    std::string_view after = assignments.substr(at + column.size());
    if (begins && (after.starts_with(" =") || after.starts_with("="))) return true;
  }
  return false;
}

/// The place of `word` outside of any brackets.
std::size_t findTop(std::string_view sql, std::string_view word, std::size_t from) {
  int depth = 0;
  for (std::size_t at = from; at < sql.size(); ++at) {
    depth += sql[at] == '(' ? 1 : sql[at] == ')' ? -1 : 0;
    if (depth == 0 && sql.substr(at).starts_with(word)) return at;
  }
  return std::string_view::npos;
}

}  // namespace

Write governedWrite(std::string_view sql) {
  sql.remove_prefix(std::min(sql.find_first_not_of(" \n\t"), sql.size()));
  Verb verb;
  if (skip(sql, "INSERT INTO "))
    verb = Verb::insert;
  else if (skip(sql, "UPDATE "))
    verb = Verb::update;
  else if (skip(sql, "DELETE FROM "))
    verb = Verb::remove;
  else
    return {};
  const TableClass* table = findTableClass(sql.substr(0, sql.find_first_of(" (\n")));
  if (!table || (table->columnClass != ColumnClass::governed && !table->mac)) return {};
  if (verb == Verb::insert && table->columnClass == ColumnClass::governed &&
      sql.find(" DO UPDATE ") != std::string_view::npos)
    throw error(Code::internal, "{} is governed: update the row, or insert it if there is none", table->table);
  if (verb == Verb::insert && table->sparse) return {};
  if (verb == Verb::update) {
    std::size_t from = sql.find(" SET "), to = sql.find(" WHERE ");
    std::string_view assignments = sql.substr(std::min(from, sql.size()), to == sql.npos ? to : to - from);
    bool governed = std::ranges::any_of(table->columns, [&](const Column& c) { return assigns(assignments, c.name); });
    if (!governed) return {};
    for (std::string_view column : table->key)
      if (assigns(assignments, column))
        throw error(Code::internal, "the key of {} is changed by an UPDATE; delete the row and insert another",
                    table->table);
  }
  return {table, verb};
}

Update updateParts(std::string_view sql) {
  std::size_t set = sql.find(" SET "), where = findTop(sql, " WHERE ", set + 5), end = sql.rfind(returning);
  if (end == sql.npos) end = sql.size();
  if (where == sql.npos) return {sql.substr(set + 5, end - set - 5), "1 = 1"};
  return {sql.substr(set + 5, where - set - 5), sql.substr(where + 7, end - where - 7)};
}

std::size_t countColumns(std::string_view list) {
  std::size_t count = 1;
  int depth = 0;
  for (char c : list) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0) ++count;
  }
  return count;
}

}  // namespace regesta::registry
