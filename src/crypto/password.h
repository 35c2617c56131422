#pragma once
#include <string>
#include <string_view>

namespace regesta::crypto {

/// argon2id with the parameters inside the returned text ($argon2id$v=19$m=…). About 15 ms: never on an I/O thread.
std::string hashPassword(std::string_view password);
/// Constant-time in the password. False also for a text that hashPassword did not make.
bool checkPassword(std::string_view hashed, std::string_view password);

/// A new secret for a service token: the prefix and 43 characters of base64url (32 random bytes).
std::string newToken(std::string_view prefix = "rgs_");
/// What is stored instead of a token: its SHA-256 as hex. Tokens are random, so a fast hash is enough.
std::string hashToken(std::string_view token);
bool constantTimeEquals(std::string_view a, std::string_view b);

}  // namespace regesta::crypto
