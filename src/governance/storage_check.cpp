#include "governance/storage_check.h"

#include <algorithm>
#include <map>

#include "registry/column_class.h"
#include "registry/row_note.h"

namespace regesta::governance {

namespace {

using registry::Column;
using registry::ColumnClass;
using registry::TableClass;

bool isCovered(const TableClass& table) { return table.columnClass != ColumnClass::free; }

/// By column; generated columns, which nobody stores, are missing.
std::map<std::string, std::string_view, std::less<>> storageClasses(db::Transaction& transaction,
                                                                    std::string_view table) {
  std::map<std::string, std::string_view, std::less<>> classes;
  auto rows = transaction.query(fmt::format("PRAGMA table_info({})", table));
  while (rows.next())
    classes[rows.text(1)] = rows.view(2) == "TEXT" ? "text" : rows.view(2) == "BLOB" ? "blob" : "integer";
  return classes;
}

std::string otherwiseStored(const Column& column, std::string_view storageClass) {
  return fmt::format("typeof({}) NOT IN ('{}'{})", column.name, storageClass, column.nullable ? ", 'null'" : "");
}

}  // namespace

void checkStorage(db::Transaction& transaction, Comparison& found, std::size_t limit) {
  for (const TableClass& table : registry::tableClasses()) {
    if (!isCovered(table)) continue;
    auto classes = storageClasses(transaction, table.table);
    std::string condition, flags;
    for (const Column& column : table.columns) {
      auto declared = classes.find(column.name);
      std::string one = declared == classes.end() ? "0" : otherwiseStored(column, declared->second);
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
      found.add({-1, fmt::format("{} {}", table.table, row),
                 fmt::format("row {} of {}: {} is not stored as {}, so the server does not find the row by it", row,
                             table.table, column.name, classes.find(column.name)->second)},
                limit);
    }
  }
}

void checkIndexes(db::Transaction& transaction, Comparison& found, std::size_t limit) {
  auto rows = transaction.query("PRAGMA integrity_check(20)");
  while (rows.next()) {
    if (rows.view(0) != "ok")
      found.add({-1, "database", fmt::format("SQLite's integrity check: {}", rows.view(0))}, limit);
  }
}

}  // namespace regesta::governance
