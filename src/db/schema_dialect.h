#pragma once
#include <map>
#include <string>

#include "db/database.h"

namespace regesta::db {

/// A schema in the same words for both databases. Keys name a part by its table ("column alias.number", "index
/// alias_name of alias", "trigger evil of alias"), values define it.
using Schema = std::map<std::string, std::string>;

Schema describeSqlite(Transaction& transaction);
Schema describePostgres(Transaction& transaction);

/// The text of every definition as SQLite keeps it, without the table of migrate().
std::string sqliteDefinitions(Transaction& transaction);

}  // namespace regesta::db
