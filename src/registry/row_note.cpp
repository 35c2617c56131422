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

/// Gives the row with this key, which has at most three columns, its MAC.
void putMac(db::Transaction& transaction, const TableClass& table, const std::vector<std::string>& key,
            const std::string& mac) {
  std::string where;
  std::vector<db::Param> values;
  for (std::size_t i = 0; i < table.key.size(); ++i) {
    auto column = std::ranges::find(table.columns, table.key[i], &Column::name);
    values.emplace_back(column->number ? db::Param(parseInteger(key[i]).value_or(0)) : db::Param(key[i]));
    where += fmt::format("{}{} = ${}", i == 0 ? "" : " AND ", table.key[i], i + 2);
  }
  std::string sql = fmt::format("UPDATE {} SET mac = $1 WHERE {}", table.table, where);
  switch (values.size()) {
    case 1:
      transaction.run(sql, {mac, values[0]});
      return;
    case 2:
      transaction.run(sql, {mac, values[0], values[1]});
      return;
    case 3:
      transaction.run(sql, {mac, values[0], values[1], values[2]});
      return;
    default:
      REGESTA_INVARIANT(false);  // a key column that is left out would give other rows this MAC
  }
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
  if (write.table->columnClass != ColumnClass::governed) return;
  if (write.verb == Verb::remove)
    notes->put(*write.table, std::move(row.key), std::nullopt, std::move(row.digest));
  else
    notes->put(*write.table, std::move(row.key), std::move(row.digest), std::move(before));
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

/// A statement with the columns that a note needs in front of what the caller asks to be returned.
struct Noting {
  Noting(const Write& write, std::string_view sql, db::Dialect dialect) : write(write) {
    const TableClass& table = *write.table;
    std::size_t at = sql.rfind(returning), count = table.columns.size();
    std::string_view asked = at == sql.npos ? "" : sql.substr(at + returning.size());
    own = asked.empty() ? 0 : countColumns(asked);
    together = write.verb == Verb::update && dialect == db::Dialect::postgres;
    first = table.group ? 1 : together ? 2 * count + (table.mac ? 1 : 0) : count;
    text = together ? withOldRow(table, sql, asked)
                    : fmt::format("{}{}{}{}{}", sql.substr(0, at), returning, columnsNeeded(table),
                                  asked.empty() ? "" : ", ", asked);
  }

  Write write;
  std::string text;
  bool together;           ///< old and new columns come in one row
  std::size_t first, own;  ///< the caller's columns
};

/// Notes the rows and keeps what the caller asked for. `old`: digests from before(), by key.
std::unique_ptr<KeptRows> noteRows(RowNotes* notes, std::vector<Tagged>& tagged, const Noting& noting, db::Rows& rows,
                                   std::map<std::string, std::string> old = {}) {
  const TableClass& table = *noting.write.table;
  std::size_t count = table.columns.size();
  auto kept = std::make_unique<KeptRows>();
  while (rows.next()) {
    std::string was;
    if (noting.together) {
      RowText row = rowText(table, rows, static_cast<int>(count));
      if (table.mac) requireGenuine(table, row, rows.view(static_cast<int>(2 * count)));
      was = std::move(row.digest);
    } else if (noting.write.verb == Verb::update) {
      was = old[rowText(table, rows).key];
    }
    note(notes, tagged, noting.write, rows, std::move(was));
    KeptRows::Row row(noting.own);
    for (std::size_t i = 0; i < noting.own; ++i) row[i] = rows.maybeText(static_cast<int>(noting.first + i));
    kept->rows.push_back(std::move(row));
  }
  return kept;
}

std::unique_ptr<KeptRows> execute(db::Transaction& transaction, RowNotes* notes, const Write& write,
                                  std::string_view sql, db::Params params, db::Dialect dialect) {
  Noting noting(write, sql, dialect);
  std::map<std::string, std::string> old;
  if (write.verb == Verb::update && !noting.together) old = before(transaction, *write.table, sql, params);
  std::vector<Tagged> tagged;
  std::unique_ptr<KeptRows> kept;
  {
    db::Rows rows = transaction.query(noting.text, params);
    kept = noteRows(notes, tagged, noting, rows, std::move(old));
  }
  for (const Tagged& one : tagged) putMac(transaction, *write.table, one.key, one.mac);
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
  Noted& noted = rows_[table.table].try_emplace(std::move(key), Noted{std::nullopt, std::move(before)}).first->second;
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
      if (row.digest) now = *row.digest;
      if (!row.before.empty()) now = json::array{row.before, now};
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
  settle();  // notes are in the order of the statements
  return db::Rows(execute(inner_, notes_, write, sql, params, dialect_));
}

std::int64_t NotingTransaction::run(std::string_view sql, db::Params params) {
  Write write = governedWrite(sql);
  if (!write.table) return inner_.run(sql, params);
  requireChange(notes_, *write.table);
  settle();
  return static_cast<std::int64_t>(execute(inner_, notes_, write, sql, params, dialect_)->rows.size());
}

struct NotingTransaction::Sent {
  Noting noting;
  db::Rows rows;
  std::unique_ptr<KeptRows> kept;  ///< null: the rows have not been noted
};

/// What the caller asked for of a statement that was sent.
class NotingTransaction::SentRows final : public db::Rows::Cursor {
 public:
  SentRows(NotingTransaction& transaction, std::shared_ptr<Sent> sent)
      : transaction_(transaction), sent_(std::move(sent)) {}
  bool next() override {
    if (!sent_->kept) transaction_.settle();
    return sent_->kept->next();
  }
  bool isNull(int column) const override { return sent_->kept->isNull(column); }
  std::int64_t integer(int column) const override { return sent_->kept->integer(column); }
  double real(int column) const override { return sent_->kept->real(column); }
  std::string_view text(int column) const override { return sent_->kept->text(column); }
  std::string_view bytes(int column) const override { return sent_->kept->bytes(column); }

 private:
  NotingTransaction& transaction_;
  std::shared_ptr<Sent> sent_;
};

db::Rows NotingTransaction::send(std::string_view sql, db::Params params) {
  Write write = governedWrite(sql);
  if (!write.table) return inner_.send(sql, params);
  bool asksFirst = write.verb == Verb::update && dialect_ == db::Dialect::sqlite;
  if (asksFirst || write.table->mac) return query(sql, params);  // more statements belong to it
  requireChange(notes_, *write.table);
  Noting noting(write, sql, dialect_);
  db::Rows rows = inner_.send(noting.text, params);
  sent_.push_back(std::make_shared<Sent>(std::move(noting), std::move(rows), nullptr));
  return db::Rows(std::make_unique<SentRows>(*this, sent_.back()));
}

void NotingTransaction::settle() {
  std::vector<Tagged> none;
  for (const std::shared_ptr<Sent>& sent : std::exchange(sent_, {}))
    sent->kept = noteRows(notes_, none, sent->noting, sent->rows);
}

}  // namespace regesta::registry
