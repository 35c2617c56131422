#include "registry/schema_guard.h"

#include "base/error.h"
#include "base/text.h"
#include "db/schema.h"

namespace regesta::registry {

std::vector<std::string> schemaDifferences(db::Database& database) {
  return database.reading(
      [&](db::Transaction& transaction) { return db::schemaDifferences(transaction, database.dialect()); });
}

void requireUnmodifiedSchema(db::Database& database) {
  std::vector<std::string> found = schemaDifferences(database);
  if (found.empty()) return;
  std::size_t all = found.size();
  if (all > 20) found.resize(20);
  throw error(Code::invalidState,
              "the schema of the database is not the one that this server made, which can change what it writes or "
              "reads: {}{}. Find out who changed that, undo it, and run `regesta ledger verify`",
              join(found, "; "), all > found.size() ? fmt::format("; and {} more", all - found.size()) : "");
}

}  // namespace regesta::registry
