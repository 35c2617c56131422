#include "db/migrate.h"

#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "base/time.h"
#include "db/migration_text.h"

namespace regesta::db {
namespace {

using Applied = std::map<std::string, std::string>;  // name to digest, in order

/// Any number will do, as long as every version of the program uses the same.
constexpr std::int64_t advisoryLock = 0x7265676573746100;

bool tableExists(Transaction& transaction, Dialect dialect) {
  std::string_view sql = dialect == Dialect::sqlite
                             ? "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migration'"
                             : "SELECT count(*) FROM pg_catalog.pg_tables WHERE tablename = 'schema_migration' AND "
                               "schemaname = current_schema()";
  Rows rows = transaction.query(sql);
  rows.next();
  return rows.integer(0) > 0;
}

Applied appliedMigrations(Transaction& transaction, Dialect dialect) {
  Applied applied;
  if (!tableExists(transaction, dialect)) return applied;
  Rows rows = transaction.query("SELECT name, digest FROM schema_migration");
  while (rows.next()) applied.emplace(rows.text(0), rows.text(1));
  return applied;
}

void check(const Applied& applied, const std::vector<Migration>& migrations) {
  std::string last = migrations.empty() ? "none" : migrations.back().name;
  bool mayBeMissing = false;  // missing ones must come after all existing ones
  for (const Migration& migration : migrations) {
    auto found = applied.find(migration.name);
    if (found == applied.end()) {
      mayBeMissing = true;
    } else if (mayBeMissing) {
      throw error(Code::invalidState,
                  "the database has schema change {} but not one that comes before it; it was written by another "
                  "build of Regesta: start that build, or restore a backup",
                  migration.name);
    } else if (found->second != migrationDigest(migration.sql)) {
      throw error(Code::invalidState,
                  "schema change {} was applied to the database with another content than this program has; "
                  "start the build of Regesta that wrote the database, or restore a backup",
                  migration.name);
    }
  }
  for (const auto& [name, digest] : applied) {
    bool known = std::any_of(migrations.begin(), migrations.end(), [&](const Migration& m) { return m.name == name; });
    if (!known)
      throw error(Code::invalidState,
                  "the database was written by a newer version of Regesta: it has schema change {}, this program "
                  "knows changes up to {}; start that version or a later one, or restore a backup",
                  name, last);
  }
}

/// Keeps other processes out until the transaction ends. On SQLite every write() already does.
void lockMigrations(Transaction& transaction, Dialect dialect) {
  // LOCK TABLE and not SELECT pg_advisory_xact_lock(): it waits before the transaction's snapshot is taken.
  if (dialect == Dialect::postgres) transaction.script("LOCK TABLE schema_migration IN EXCLUSIVE MODE");
}

void createTable(Transaction& transaction, Dialect dialect) {
  if (dialect == Dialect::postgres) transaction.script(fmt::format("SELECT pg_advisory_xact_lock({})", advisoryLock));
  transaction.script(
      "CREATE TABLE IF NOT EXISTS schema_migration (name TEXT PRIMARY KEY, digest TEXT NOT NULL, applied_at BIGINT NOT "
      "NULL)");
}

}  // namespace

std::vector<std::string> migrate(Database& database, const std::vector<Migration>& migrations) {
  Dialect dialect = database.dialect();
  Applied before = database.reading([&](Transaction& transaction) { return appliedMigrations(transaction, dialect); });
  check(before, migrations);
  std::vector<std::string> made;
  if (before.size() == migrations.size()) return made;
  if (before.empty()) database.write([&](Transaction& transaction) { createTable(transaction, dialect); });
  for (const Migration& migration : migrations) {
    if (before.contains(migration.name)) continue;
    bool mine = database.writing([&](Transaction& transaction) {
      lockMigrations(transaction, dialect);
      Applied now = appliedMigrations(transaction, dialect);
      check(now, migrations);
      if (now.contains(migration.name)) return false;
      transaction.script(migrationText(migration.sql, dialect));
      transaction.run("INSERT INTO schema_migration (name, digest, applied_at) VALUES ($1, $2, $3)",
                      {migration.name, migrationDigest(migration.sql), nowMicros()});
      return true;
    });
    if (mine) made.push_back(migration.name);
  }
  return made;
}

bool hasSchema(Database& database) {
  return database.reading([&](Transaction& transaction) { return tableExists(transaction, database.dialect()); });
}

void requireNewestSchema(Database& database) {
  Applied applied =
      database.reading([&](Transaction& transaction) { return appliedMigrations(transaction, database.dialect()); });
  if (applied.size() >= embeddedMigrations().size()) return;
  throw error(
      Code::invalidState,
      "the database was written by an earlier version of Regesta: it has {} schema changes, this program {}. "
      "Start the server of this version on it once, which brings it up to date, or use the program that wrote it",
      applied.size(), embeddedMigrations().size());
}

}  // namespace regesta::db
