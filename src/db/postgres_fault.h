#pragma once
#include <string>
#include <string_view>

#include "base/error.h"

struct pg_result;

namespace regesta::db {

/// A message of libpq without its line breaks.
std::string oneLine(std::string_view message);
/// A field of a failed result (PG_DIAG_…); empty: it has none.
std::string errorField(const pg_result* result, int name);
/// What the failed result of `sql` means to callers. `readOnly`: the transaction was.
Error resultError(const pg_result* result, std::string_view sql, bool readOnly);

}  // namespace regesta::db
