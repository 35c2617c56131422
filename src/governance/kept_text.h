#pragma once
#include <string>
#include <string_view>

namespace regesta::governance {

/// The text as the ledger keeps it, with secrets redacted. Throws Invalid if it is longer than `limit` bytes, not
/// UTF-8, or contains NUL.
std::string keptText(std::string_view field, std::string_view text, std::size_t limit);
/// The same for a text that must not be blank.
std::string requiredText(std::string_view field, std::string_view text, std::size_t limit);

}  // namespace regesta::governance
