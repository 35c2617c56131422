#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regesta {

/// RFC 3629: no overlong forms, no surrogates.
bool isUtf8(std::string_view text);
/// Code points of a UTF-8 text.
std::size_t characterCount(std::string_view text);
std::string_view trim(std::string_view text);
std::string lower(std::string_view text);  // ASCII only
std::string upper(std::string_view text);  // ASCII only
bool equalsIgnoreCase(std::string_view a, std::string_view b);
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
/// Whole text as a decimal number; empty optional on anything else, overflow included.
std::optional<std::int64_t> parseInteger(std::string_view text);
std::optional<double> parseDouble(std::string_view text);
/// SQL LIKE with % and _; `ignoreCase` folds ASCII.
bool like(std::string_view text, std::string_view pattern, bool ignoreCase);
/// Shell-style name pattern: '*' any run of characters, '?' one. Used for bindings and role scopes.
bool globMatch(std::string_view pattern, std::string_view text);
/// The candidate nearest to a mistyped word, when it is near enough to be what was meant.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);
/// The longest start of the text, at most `limit` bytes, that ends between characters.
std::string_view startOf(std::string_view text, std::size_t limit);
/// The same with "…" when something was cut.
std::string shorten(std::string_view text, std::size_t limit);
/// A URL without the slashes at its end.
std::string withoutSlash(std::string url);

}  // namespace regesta
