#pragma once
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "db/database.h"

/// SQL for FROM: one row per item of the JSON list in `parameter` ("$1"), as `item.value`. Allows many rows in one
/// statement, because a round trip to PostgreSQL costs more than a row. Find rows of a table by the items with a scalar
/// subquery, as "SELECT (SELECT t.id FROM t WHERE t.name = item.value) FROM {items}": of a JOIN, both databases may go
/// over the table first and read the whole list again for each of its rows.
namespace regesta::db {

/// The items as JSON. If they are lists, value->>0 is the text of the first element on both databases.
inline std::string jsonItems(Dialect dialect, std::string_view parameter) {
  if (dialect == Dialect::sqlite) return fmt::format("json_each({}) AS item", parameter);
  return fmt::format("json_array_elements(CAST({} AS JSON)) AS item (value)", parameter);
}

/// The items as text.
inline std::string jsonTexts(Dialect dialect, std::string_view parameter) {
  if (dialect == Dialect::sqlite) return jsonItems(dialect, parameter);
  return fmt::format("json_array_elements_text(CAST({} AS JSON)) AS item (value)", parameter);
}

}  // namespace regesta::db
