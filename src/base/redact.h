#pragma once
#include <string>
#include <string_view>

namespace regesta {

/// The replacement of a secret.
inline constexpr std::string_view redacted = "***";

/// A URL without what may open something: password and user in front of the host, every value of the query (presigned
/// addresses carry their signature there) and of a fragment that looks like one. Other text is returned as it is.
std::string redactUrl(std::string_view url);
/// The same without the path, for addresses whose path is a token (webhooks).
std::string redactPath(std::string_view url);
/// Text that people write, with every URL in it redacted.
std::string redactText(std::string_view text);

}  // namespace regesta
