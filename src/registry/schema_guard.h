#pragma once
#include <string>
#include <vector>

#include "db/database.h"

namespace regesta::registry {

/// Schema objects that change what the server writes or reads, one sentence each: triggers and rules on the server's
/// tables, and tables that were replaced (by a view, for example). The server creates none of these.
std::vector<std::string> schemaIntrusions(db::Database& database);

/// Throws Error{invalidState} that names them and the next step.
void requireUnmodifiedSchema(db::Database& database);

}  // namespace regesta::registry
