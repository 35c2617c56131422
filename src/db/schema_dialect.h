#pragma once
#include "db/schema.h"

namespace regesta::db {

/// describeSchema() of one database each.
Schema describeSqlite(Transaction& transaction);
Schema describePostgres(Transaction& transaction);

}  // namespace regesta::db
