#pragma once
#include <string>
#include <string_view>

namespace regesta::db {

/// What one of the two databases cannot store is refused on both: text with NUL bytes or broken UTF-8. Throws
/// Error{invalid}.
void requireStorableText(std::string_view text);
/// The words for a broken unique constraint, the same on both databases.
std::string takenMessage(std::string_view table, std::string_view columns);
/// Channel names and payloads within what PostgreSQL's NOTIFY takes. Throws Error{invalid}.
void requireNotifiable(std::string_view channel, std::string_view payload);

}  // namespace regesta::db
