#pragma once
#include <string>
#include <string_view>

#include "db/database.h"

namespace regesta::delivery {

/// What to write behind FROM for one row, with a column `value`, an item of the JSON list that `parameter` ("$1")
/// holds. With items that are lists, value->>0 is the text of such a list's first item on both databases: many rows in
/// one statement, which is what PostgreSQL needs, where a round trip costs more than a row.
inline std::string jsonItems(db::Dialect dialect, std::string_view parameter) {
  if (dialect == db::Dialect::sqlite) return fmt::format("json_each({})", parameter);
  return fmt::format("json_array_elements(CAST({} AS JSON)) AS item (value)", parameter);
}

}  // namespace regesta::delivery
