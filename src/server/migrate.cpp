#include "server/migrate.h"

#include <optional>

#include "base/error.h"
#include "db/migrate.h"
#include "registry/schema_guard.h"
#include "server/address.h"
#include "server/data_directory.h"

namespace regesta::server {
namespace {

/// Entries that wait from before this change get their MACs by the server that makes it, with the ledger's key.
constexpr std::string_view byServerOnly = "0024_ledger_trust";

void requireMigratable(db::Database& database) {
  if (!db::hasSchema(database)) return;
  bool made = database.reading([](db::Transaction& transaction) {
    return transaction.query("SELECT 1 FROM schema_migration WHERE name = $1", {byServerOnly}).next();
  });
  if (!made)
    throw error(Code::invalidState, "the database is from before schema change {}: start `regesta serve` on it once",
                byServerOnly);
}

}  // namespace

std::vector<std::string> migrate(const Config& config) {
  requireDatabaseUrl(config.text("db"));
  std::optional<DataDirectory> data;  // held while its database changes
  if (config.text("db").empty()) data.emplace(config.text("data"));
  auto database = data ? db::openSqlite({.path = data->database()}) : db::openPostgres(config.text("db"), 2);
  requireMigratable(*database);
  std::vector<std::string> made = db::migrate(*database);
  registry::requireUnmodifiedSchema(*database);
  return made;
}

}  // namespace regesta::server
