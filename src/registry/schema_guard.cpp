#include "registry/schema_guard.h"

#include "base/error.h"
#include "base/text.h"
#include "registry/column_class.h"

namespace regesta::registry {
namespace {

// Each row: what it is, its name, the table it is about. Foreign keys are triggers of PostgreSQL's own ("internal").
constexpr std::string_view onPostgres =
    "SELECT 'trigger', t.tgname::text, c.relname::text FROM pg_catalog.pg_trigger t "
    "JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = current_schema() AND NOT t.tgisinternal "
    "UNION ALL SELECT 'rule', r.rulename::text, r.tablename::text FROM pg_catalog.pg_rules r "
    "WHERE r.schemaname = current_schema() "
    "UNION ALL SELECT 'view', c.relname::text, c.relname::text FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = current_schema() AND c.relkind NOT IN ('r', 'p', 'i', 'I', 'S', 't')";
constexpr std::string_view onSqlite =
    "SELECT type, name, tbl_name FROM sqlite_schema WHERE type IN ('trigger', 'view')";

}  // namespace

std::vector<std::string> schemaIntrusions(db::Database& database) {
  std::vector<std::string> found;
  database.read([&](db::Transaction& transaction) {
    found.clear();
    auto rows = transaction.query(database.dialect() == db::Dialect::sqlite ? onSqlite : onPostgres);
    while (rows.next()) {
      if (!findTableClass(rows.view(2))) continue;
      found.push_back(rows.view(0) == "view"
                          ? fmt::format("{} is not an ordinary table", rows.view(2))
                          : fmt::format("table {} has the {} {}", rows.view(2), rows.view(0), rows.view(1)));
    }
  });
  return found;
}

void requireUnmodifiedSchema(db::Database& database) {
  std::vector<std::string> found = schemaIntrusions(database);
  if (found.empty()) return;
  throw error(
      Code::invalidState,
      "the database changes what the server writes or reads: {}. The server creates no triggers, rules or views. "
      "Find out who did, remove them, and run `regesta ledger verify`",
      join(found, "; "));
}

}  // namespace regesta::registry
