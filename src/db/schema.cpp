#include "db/schema.h"

#include "base/text.h"
#include "db/migrate.h"
#include "db/migration_text.h"
#include "db/schema_dialect.h"
#include "db/sqlite_connection.h"

namespace regesta::db {
namespace {

/// The table that a key of a Schema is about.
std::string_view tableOf(std::string_view key) {
  if (std::size_t of = key.rfind(" of "); of != key.npos) return key.substr(of + 4);
  std::string_view name = key.substr(key.find(' ') + 1);
  return name.substr(0, name.find('.'));
}

/// An index that neither restricts nor computes anything, as administrators add them for their own queries.
bool isHarmless(std::string_view key, std::string_view definition) {
  return key.starts_with("index ") && definition.starts_with('(') && definition.find('(', 1) == definition.npos &&
         definition.find(" where ") == definition.npos;
}

/// What `read` returns of an SQLite database in memory with all migrations.
template <class Read>
auto ofMigrated(Read read) {
  SqliteConnection connection({.path = ":memory:"}, SqliteConnection::Mode::memory);
  for (const Migration& migration : embeddedMigrations())
    connection.script(migrationText(migration.sql, Dialect::sqlite));
  return read(connection);
}

/// What the migrations make, as describeSchema() has it for `dialect`.
const Schema& migratedSchema(Dialect dialect) {
  static const Schema sqlite = ofMigrated(describeSqlite);
  static const Schema postgres = [] {
    Schema schema = sqlite;
    for (auto& [key, definition] : schema)  // how SQLite stores a table
      if (key.starts_with("table ")) definition = "table";
    return schema;
  }();
  return dialect == Dialect::sqlite ? sqlite : postgres;
}

/// Whether SQLite keeps the same text of every definition: then nothing differs, and the thousands of definitions in it
/// need not be described.
bool isMigratedText(Transaction& transaction) {
  static const std::string migrated = ofMigrated(sqliteDefinitions);
  return sqliteDefinitions(transaction) == migrated;
}

std::vector<std::string> compared(const Schema& found, const Schema& expected) {
  std::vector<std::string> differences;
  auto isOurs = [&](std::string_view key) { return expected.contains("table " + std::string(tableOf(key))); };
  for (const auto& [key, definition] : expected) {
    auto there = found.find(key);
    bool whole = found.contains("table " + std::string(tableOf(key)));
    if (there == found.end() && (whole || key.starts_with("table ")))
      differences.push_back(fmt::format("{} is missing", key));
    else if (there != found.end() && there->second != definition)
      differences.push_back(fmt::format("{} is '{}' instead of '{}'", key, there->second, definition));
  }
  for (const auto& [key, definition] : found)
    if (!expected.contains(key) && isOurs(key) && !isHarmless(key, definition))
      differences.push_back(fmt::format("{} was added ({})", key, definition));
  return differences;
}

}  // namespace

std::vector<std::string> schemaDifferences(Transaction& transaction, Dialect dialect) {
  if (dialect == Dialect::sqlite && isMigratedText(transaction)) return {};
  return compared(dialect == Dialect::sqlite ? describeSqlite(transaction) : describePostgres(transaction),
                  migratedSchema(dialect));
}

}  // namespace regesta::db
