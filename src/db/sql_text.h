#pragma once
#include <cstddef>
#include <string_view>

namespace regesta::db {

/// Where the token that begins at `at` ends: a quoted text, a comment, a word (`$1` is one) or one character.
std::size_t tokenEnd(std::string_view sql, std::size_t at);

/// Throws Error{internal} unless `sql` uses exactly $1 … $count. SQLite's parser checks this; PostgreSQL
/// silently accepts unused parameters.
void requireParameters(std::string_view sql, std::size_t count);

}  // namespace regesta::db
