#pragma once
#include <string>
#include <string_view>

#include "db/database.h"

namespace regesta::db {

/// The text of a migration for one database: the words of migrate.h replaced, outside of quotes and comments.
std::string migrationText(std::string_view sql, Dialect dialect);

/// Tells two texts apart. It finds mistakes, not attacks.
std::string migrationDigest(std::string_view sql);

}  // namespace regesta::db
