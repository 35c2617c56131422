#include "governance/storage_check.h"

#include <algorithm>

#include "registry/column_class.h"
#include "registry/row_note.h"

namespace regesta::governance {

namespace {

using registry::Column;
using registry::ColumnClass;
using registry::TableClass;

bool isCovered(const TableClass& table) {
  return table.columnClass == ColumnClass::governed || table.columnClass == ColumnClass::authenticated ||
         table.columnClass == ColumnClass::derived;
}

std::string otherwiseStored(const Column& column) {
  return fmt::format("typeof({}) NOT IN ('{}'{})", column.name, column.number ? "integer" : "text",
                     column.nullable ? ", 'null'" : "");
}

}  // namespace

void checkStorage(db::Transaction& transaction, Comparison& found, std::size_t limit) {
  for (const TableClass& table : registry::tableClasses()) {
    if (!isCovered(table)) continue;
    std::string condition, flags;
    for (const Column& column : table.columns) {
      std::string one = otherwiseStored(column);
      flags += fmt::format("{}{}", flags.empty() ? "" : ", ", one);
      condition += fmt::format("{}{}", condition.empty() ? "" : " OR ", one);
    }
    auto rows = transaction.query(
        fmt::format("SELECT {}, {} FROM {} WHERE {} LIMIT 20", flags, table.list, table.table, condition));
    while (rows.next()) {
      int count = static_cast<int>(table.columns.size()), at = 0;
      while (rows.integer(at) == 0) ++at;
      const Column& column = table.columns[static_cast<std::size_t>(at)];
      std::string row = registry::rowText(table, rows, count).key;
      if (found.differences.size() >= limit)
        ++found.further;
      else
        found.differences.push_back(
            {-1, fmt::format("{} {}", table.table, row),
             fmt::format("row {} of {}: {} is not stored as {}, so the server does not find the row by it", row,
                         table.table, column.name, column.number ? "a number" : "text")});
    }
  }
}

}  // namespace regesta::governance
