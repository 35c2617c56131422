#pragma once
#include <string>
#include <string_view>

#include "db/database.h"

namespace regesta::prompt {

/// SQL for FROM: one row per item of the JSON list in `parameter` ("$1"), in a column `value`. If items are lists,
/// value->>0 is the text of the first element on both databases. Allows many rows in one statement, because a round
/// trip to PostgreSQL costs more than a row.
inline std::string jsonItems(db::Dialect dialect, std::string_view parameter) {
  if (dialect == db::Dialect::sqlite) return fmt::format("json_each({})", parameter);
  return fmt::format("json_array_elements(CAST({} AS JSON)) AS item (value)", parameter);
}

}  // namespace regesta::prompt
