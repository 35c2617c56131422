#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace regesta {

/// Lower-case hexadecimal.
std::string hexEncode(std::string_view bytes);
bool isLowerHex(char c);
/// True when `text` is `digits` digits as hexEncode() writes them.
bool isLowerHex(std::string_view text, std::size_t digits);
/// Empty optional when `text` is not an even number of hexadecimal digits of either case.
std::optional<std::string> hexDecode(std::string_view text);

/// Standard base64 with padding (RFC 4648 section 4).
std::string base64Encode(std::string_view bytes);
/// Strict: padding is required, no white space; empty optional otherwise.
std::optional<std::string> base64Decode(std::string_view text);
/// base64url without padding (RFC 4648 section 5).
std::string base64UrlEncode(std::string_view bytes);
std::optional<std::string> base64UrlDecode(std::string_view text);

/// Percent-encodes everything but RFC 3986 unreserved characters (and '/' when `keepSlash`).
std::string percentEncode(std::string_view text, bool keepSlash = false);
/// Empty optional on a broken escape. `plusIsSpace` for query strings.
std::optional<std::string> percentDecode(std::string_view text, bool plusIsSpace = false);

}  // namespace regesta
