#include "base/text.h"
#include "db/schema_dialect.h"
#include "db/schema_text.h"

namespace regesta::db {
namespace {

/// Excepts tables of SQLite's own, such as those of ANALYZE, but no trigger that is only named like one.
const std::string notInternal = R"(NOT (type = 'table' AND name LIKE 'sqlite\_%' ESCAPE '\'))";
/// Excepts what migrate() keeps for itself, which no migration makes.
const std::string ofMigrations = " AND NOT (tbl_name = 'schema_migration' AND type IN ('table', 'index'))";

struct Table {
  std::string name, sql;
};

std::string_view typeOf(std::string_view declared) {
  if (declared == "TEXT") return "text";
  if (declared == "BLOB") return "bytes";
  if (declared == "REAL" || declared == "DOUBLE PRECISION") return "real";
  return declared == "BIGINT" || declared == "INTEGER" ? "integer" : declared;
}

/// The rest of a definition after a word, or nothing.
std::string_view after(std::string_view sql, std::string_view word) {
  std::size_t at = sql.find(word);
  return at == sql.npos ? std::string_view() : sql.substr(at + word.size());
}

/// The expression in the parentheses that begin `text`.
std::string_view inParentheses(std::string_view text) {
  std::size_t from = text.find('(');
  int depth = 0;
  for (std::size_t at = from; at < text.size(); ++at) {
    if (text[at] == '(') ++depth;
    if (text[at] == ')' && --depth == 0) return text.substr(from, at - from + 1);
  }
  return {};
}

void describeColumns(Transaction& transaction, const Table& table, Schema& schema) {
  Rows rows = transaction.query(
      "SELECT name, type, \"notnull\", dflt_value, pk, hidden, (SELECT max(pk) FROM pragma_table_xinfo($1)) FROM "
      "pragma_table_xinfo($1) ORDER BY pk, cid",
      {table.name});
  std::string key;
  while (rows.next()) {
    std::string definition(typeOf(rows.view(1)));
    bool ofKey = rows.integer(4) > 0;
    if (rows.integer(2) != 0 || ofKey) definition += " not null";
    if (!rows.isNull(3)) definition += " default " + plainExpression(rows.view(3));
    if (rows.integer(5) > 1)
      definition +=
          " generated " +
          plainExpression(inParentheses(after(after(table.sql, fmt::format(" {} ", rows.view(0))), "ALWAYS AS ")));
    if (ofKey && rows.integer(6) == 1 && rows.view(1) == "INTEGER") definition += " numbered";
    schema[fmt::format("column {}.{}", table.name, rows.view(0))] = definition;
    if (ofKey) key += (key.empty() ? "" : ", ") + rows.text(0);
  }
  if (!key.empty()) schema[fmt::format("primary key of {}", table.name)] = key;
}

std::string indexColumns(Transaction& transaction, std::string_view index) {
  Rows rows = transaction.query(
      "SELECT coalesce(name, '(an expression)'), desc, coll FROM pragma_index_xinfo($1) WHERE key = 1 ORDER BY seqno",
      {index});
  std::string columns;
  while (rows.next())
    columns += fmt::format("{}{}{}{}", columns.empty() ? "" : ", ", rows.view(0), rows.integer(1) != 0 ? " desc" : "",
                           rows.view(2) == "BINARY" ? "" : " collate " + rows.text(2));
  return columns;
}

void describeIndexes(Transaction& transaction, const Table& table, Schema& schema) {
  Rows rows = transaction.query(
      "SELECT l.name, l.\"unique\", l.origin, s.sql FROM pragma_index_list($1) l LEFT JOIN sqlite_schema s ON s.name = "
      "l.name",
      {table.name});
  while (rows.next()) {
    if (rows.view(2) == "pk") continue;
    std::string columns = indexColumns(transaction, rows.view(0));
    if (rows.view(2) == "u") {
      schema[fmt::format("unique constraint ({}) of {}", columns, table.name)] = "enforced";
      continue;
    }
    std::string definition = fmt::format("{}({})", rows.integer(1) != 0 ? "unique " : "", columns);
    if (auto condition = after(rows.view(3), " WHERE "); !condition.empty())
      definition += " where " + plainExpression(condition);
    schema[fmt::format("index {} of {}", rows.view(0), table.name)] = definition;
  }
}

void describeForeignKeys(Transaction& transaction, const Table& table, Schema& schema) {
  Rows rows = transaction.query(
      "SELECT id, \"table\", \"from\", \"to\", on_delete FROM pragma_foreign_key_list($1) ORDER BY id, seq",
      {table.name});
  struct Key {
    std::string from, table, to, action;
  };
  std::map<std::int64_t, Key> keys;
  while (rows.next()) {
    Key& key = keys[rows.integer(0)];
    key.from += (key.from.empty() ? "" : ", ") + rows.text(2);
    key.to += (key.to.empty() ? "" : ", ") + rows.text(3);
    key.table = rows.text(1);
    key.action = rows.view(4) == "CASCADE" ? " on delete cascade" : rows.view(4) == "NO ACTION" ? "" : rows.text(4);
  }
  for (const auto& [id, key] : keys)
    schema[fmt::format("foreign key ({}) of {}", key.from, table.name)] =
        fmt::format("references {} ({}){}", key.table, key.to, key.action);
}

}  // namespace

std::string sqliteDefinitions(Transaction& transaction) {
  Rows rows = transaction.query("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema WHERE " +
                                notInternal + ofMigrations + " ORDER BY type, name");
  std::string definitions;
  while (rows.next())
    definitions += fmt::format("{} {} of {}: {}\n", rows.view(0), rows.view(1), rows.view(2), rows.view(3));
  return definitions;
}

Schema describeSqlite(Transaction& transaction) {
  Schema schema;
  std::vector<Table> tables;
  Rows rows =
      transaction.query("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type <> 'index' AND " + notInternal);
  while (rows.next()) {
    if (rows.view(0) == "table")
      tables.push_back({rows.text(1), rows.text(3)});
    else
      schema[fmt::format("{} {} of {}", rows.view(0), rows.view(1), rows.view(2))] = "present";
  }
  for (const Table& table : tables) {
    std::string kind = "table";
    for (std::string_view word : {"AUTOINCREMENT", "WITHOUT ROWID", "CHECK", "STRICT"})
      if (table.sql.find(word) != table.sql.npos) kind += ", " + std::string(word);
    schema["table " + table.name] = kind;
    describeColumns(transaction, table, schema);
    describeIndexes(transaction, table, schema);
    describeForeignKeys(transaction, table, schema);
  }
  return schema;
}

}  // namespace regesta::db
