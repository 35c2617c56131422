#include "registry/row_note.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "registry/governed_write.h"

namespace regesta::registry {
namespace {

/// Rows that were read already.
class KeptRows final : public db::Rows::Cursor {
 public:
  using Row = std::vector<std::optional<std::string>>;
  std::vector<Row> rows;

  bool next() override { return ++at_ < static_cast<std::ptrdiff_t>(rows.size()); }
  bool isNull(int column) const override { return !cell(column); }
  std::int64_t integer(int column) const override {
    std::int64_t number = 0;
    std::string_view value = text(column);
    std::from_chars(value.data(), value.data() + value.size(), number);
    return number;
  }
  double real(int column) const override {
    const auto& value = cell(column);
    return value ? std::strtod(value->c_str(), nullptr) : 0;
  }
  std::string_view text(int column) const override {
    const auto& value = cell(column);
    return value ? std::string_view(*value) : std::string_view();
  }
  std::string_view bytes(int column) const override { return text(column); }

 private:
  const std::optional<std::string>& cell(int column) const {
    return rows[static_cast<std::size_t>(at_)][static_cast<std::size_t>(column)];
  }
  std::ptrdiff_t at_ = -1;
};

std::string columnsNeeded(const TableClass& table) { return table.group ? std::string(table.key.front()) : table.list; }

/// The statement that gives a row its MAC. Tables with one have one or two key columns.
void putMac(db::Transaction& transaction, const TableClass& table, const std::vector<std::string>& key,
            const std::string& mac) {
  auto value = [&](std::size_t i) -> db::Param {
    auto column = std::ranges::find(table.columns, table.key[i], &Column::name);
    if (column->number) return parseInteger(key[i]).value_or(0);
    return key[i];
  };
  if (table.key.size() == 1)
    transaction.run(fmt::format("UPDATE {} SET mac = $2 WHERE {} = $1", table.table, table.key[0]), {value(0), mac});
  else
    transaction.run(
        fmt::format("UPDATE {} SET mac = $3 WHERE {} = $1 AND {} = $2", table.table, table.key[0], table.key[1]),
        {value(0), value(1), mac});
}

struct Tagged {
  std::vector<std::string> key;
  std::string mac;
};

std::vector<std::string> keyOf(const TableClass& table, const db::Rows& rows) {
  std::vector<std::string> key;
  for (std::string_view name : table.key) {
    auto column = std::ranges::find(table.columns, name, &Column::name);
    key.push_back(rows.text(static_cast<int>(column - table.columns.begin())));
  }
  return key;
}

void note(RowNotes* notes, std::vector<Tagged>& tagged, const Write& write, const db::Rows& rows, std::string before) {
  if (write.table->group) return notes->touchGroup(*write.table, rows.integer(0));
  RowText row = rowText(*write.table, rows);
  if (write.table->mac && write.verb != Verb::remove) tagged.push_back({keyOf(*write.table, rows), rowMac(row)});
  if (write.table->columnClass == ColumnClass::governed)
    notes->put(*write.table, std::move(row.key),
               write.verb == Verb::remove ? std::nullopt : std::optional(std::move(row.digest)), std::move(before));
}

std::string prefixed(const TableClass& table, std::string_view prefix, std::string_view between = "") {
  std::string list;
  for (const Column& column : table.columns) {
    if (!list.empty()) list += ", ";
    list += between.empty() ? fmt::format("{}{}", prefix, column.name)
                            : fmt::format("{}{}{}{}", column.name, between, prefix, column.name);
  }
  return list;
}

/// Digests of the rows that an UPDATE is about to change, by key. SQLite alone needs it: its RETURNING shows only new
/// values, and no other process writes in the meantime.
std::map<std::string, std::string> before(db::Transaction& transaction, const TableClass& table, std::string_view sql,
                                          db::Params params) {
  // Every parameter has to be used, also those of the assignments.
  std::string unused;
  for (std::size_t i = 1; i <= params.size(); ++i) unused += fmt::format("${} IS NULL OR ", i);
  std::string text = fmt::format("SELECT {}{} FROM {} WHERE ({}) AND ({}1 = 1)", table.list, table.mac ? ", mac" : "",
                                 table.table, updateParts(sql).condition, unused);
  std::map<std::string, std::string> found;
  db::Rows rows = transaction.query(text, params);
  while (rows.next()) {
    RowText row = rowText(table, rows);
    if (table.mac) requireGenuine(table, row, rows.view(static_cast<int>(table.columns.size())));
    found[row.key] = std::move(row.digest);
  }
  return found;
}

/// The same UPDATE on PostgreSQL, returning the new columns, the old ones, and what the caller asks for.
std::string withOldRow(const TableClass& table, std::string_view sql, std::string_view own) {
  Update update = updateParts(sql);
  std::string join;
  for (std::string_view key : table.key) join += fmt::format(" AND {}.{} = old_.old_{}", table.table, key, key);
  return fmt::format(
      "UPDATE {0} SET {1} FROM (SELECT {2}{3} FROM {0} WHERE {4}) old_ WHERE {5} RETURNING {6}, {7}{8}{9}{10}",
      table.table, update.assignments, prefixed(table, "old_", " AS "), table.mac ? ", mac AS old_mac" : "",
      update.condition, join.substr(5), prefixed(table, fmt::format("{}.", table.table)),
      prefixed(table, "old_." + std::string("old_")), table.mac ? ", old_.old_mac" : "", own.empty() ? "" : ", ", own);
}

/// Runs the statement with the columns that a note needs in front of what the caller asks to be returned.
std::unique_ptr<KeptRows> execute(db::Transaction& transaction, RowNotes* notes, const Write& write,
                                  std::string_view sql, db::Params params, db::Dialect dialect) {
  const TableClass& table = *write.table;
  std::size_t at = sql.rfind(returning);
  std::string_view asked = at == sql.npos ? "" : sql.substr(at + returning.size());
  std::size_t own = asked.empty() ? 0 : countColumns(asked), count = table.columns.size();
  bool update = write.verb == Verb::update, together = update && dialect == db::Dialect::postgres;
  std::size_t first = table.group ? 1 : together ? 2 * count + (table.mac ? 1 : 0) : count;
  std::map<std::string, std::string> old;
  if (update && !together) old = before(transaction, table, sql, params);
  std::string text = together ? withOldRow(table, sql, asked)
                              : fmt::format("{}{}{}{}{}", sql.substr(0, at), returning, columnsNeeded(table),
                                            asked.empty() ? "" : ", ", asked);
  auto kept = std::make_unique<KeptRows>();
  std::vector<Tagged> tagged;
  {
    db::Rows rows = transaction.query(text, params);
    while (rows.next()) {
      std::string was;
      if (together) {
        RowText row = rowText(table, rows, static_cast<int>(count));
        if (table.mac) requireGenuine(table, row, rows.view(static_cast<int>(2 * count)));
        was = std::move(row.digest);
      } else if (update) {
        was = old[rowText(table, rows).key];
      }
      note(notes, tagged, write, rows, std::move(was));
      KeptRows::Row row(own);
      for (std::size_t i = 0; i < own; ++i) row[i] = rows.maybeText(static_cast<int>(first + i));
      kept->rows.push_back(std::move(row));
    }
  }
  for (const Tagged& one : tagged) putMac(transaction, table, one.key, one.mac);
  return kept;
}

void requireChange(const RowNotes* notes, const TableClass& table) {
  if (notes || table.columnClass != ColumnClass::governed) return;
  throw error(Code::internal, "{} is governed: it is written inside Store::change only", table.table);
}

}  // namespace

void putMacs(db::Transaction& transaction) {
  for (const TableClass& table : tableClasses()) {
    if (!table.mac) continue;
    std::vector<Tagged> tagged;
    {
      db::Rows rows = transaction.query(fmt::format("SELECT {} FROM {} WHERE mac = ''", table.list, table.table));
      while (rows.next()) tagged.push_back({keyOf(table, rows), rowMac(rowText(table, rows))});
    }
    for (const Tagged& one : tagged) putMac(transaction, table, one.key, one.mac);
  }
}

void RowNotes::put(const TableClass& table, std::string key, std::optional<std::string> digest, std::string before) {
  size_ += key.size() + 64;
  Noted& noted = rows_[table.table].try_emplace(std::move(key), Noted{std::nullopt, before}).first->second;
  noted.digest = std::move(digest);
}

void RowNotes::touchGroup(const TableClass& table, std::int64_t key) { groups_[{table.table, key}] = &table; }

void RowNotes::readGroups(db::Transaction& transaction) {
  for (const auto& [place, table] : groups_) {
    db::Rows rows = transaction.query(
        fmt::format("SELECT {} FROM {} WHERE {} = $1", table->list, table->table, table->key.front()), {place.second});
    std::vector<std::string> digests;
    while (rows.next()) digests.push_back(rowText(*table, rows).digest);
    put(*table, std::to_string(place.second),
        digests.empty() ? std::nullopt : std::optional(groupDigest(std::move(digests))));
  }
  groups_.clear();
}

std::string RowNotes::take(db::Transaction& transaction, std::size_t bytes) {
  readGroups(transaction);
  json::object tables;
  std::size_t taken = 0;
  while (!rows_.empty() && taken < bytes) {
    auto table = rows_.begin();
    json::object noted;
    while (!table->second.empty() && taken < bytes) {
      auto node = table->second.extract(table->second.begin());
      taken += node.key().size() + 64;
      const Noted& row = node.mapped();
      json::value& now = noted[node.key()];
      if (row.digest && row.before.empty())
        now = *row.digest;
      else if (row.digest)
        now = json::array{row.before, *row.digest};
    }
    tables[table->first] = std::move(noted);
    if (table->second.empty()) rows_.erase(table);
  }
  size_ -= std::min(size_, taken);
  return canonicalJson(tables);
}

db::Rows NotingTransaction::query(std::string_view sql, db::Params params) {
  Write write = governedWrite(sql);
  if (!write.table) return inner_.query(sql, params);
  requireChange(notes_, *write.table);
  return db::Rows(execute(inner_, notes_, write, sql, params, dialect_));
}

std::int64_t NotingTransaction::run(std::string_view sql, db::Params params) {
  Write write = governedWrite(sql);
  if (!write.table) return inner_.run(sql, params);
  requireChange(notes_, *write.table);
  return static_cast<std::int64_t>(execute(inner_, notes_, write, sql, params, dialect_)->rows.size());
}

}  // namespace regesta::registry
