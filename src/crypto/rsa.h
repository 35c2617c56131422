#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace regesta::crypto {

/// RS256 (RSASSA-PKCS1-v1_5 with SHA-256) with a private key in PEM. Nothing when it is not an RSA key.
std::optional<std::string> signRs256(std::string_view pem, std::string_view message);

}  // namespace regesta::crypto
