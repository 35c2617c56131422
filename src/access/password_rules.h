#pragma once
#include <string_view>

namespace regesta::access {

/// Checks a new password: at least 8 characters, at most 1024 bytes, not in the form of a token, not a common password,
/// and not the user's or the product's name, with or without digits and punctuation around it. Throws
/// Invalid{"password"}.
void checkNewPassword(std::string_view user, std::string_view password);

}  // namespace regesta::access
