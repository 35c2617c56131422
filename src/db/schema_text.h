#pragma once
#include <string>
#include <string_view>

namespace regesta::db {

/// An expression of SQL without what the two databases write differently: case, blanks, parentheses, casts, collations,
/// and PostgreSQL's `= ANY (ARRAY[…])` for IN. For comparison only.
std::string plainExpression(std::string_view sql);

}  // namespace regesta::db
