#pragma once
#include <string>
#include <vector>

#include "db/database.h"

namespace regesta::registry {

/// How the schema differs from what the migrations made (db/schema.h), one sentence each.
std::vector<std::string> schemaDifferences(db::Database& database);

/// Throws Error{invalidState} that names them and the next step.
void requireUnmodifiedSchema(db::Database& database);

}  // namespace regesta::registry
