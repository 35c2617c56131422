#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "crypto/jws.h"

namespace regesta::governance::oidc {

/// What an ID token must say (OpenID Connect Core section 3.1.3.7).
struct Expected {
  std::string issuer, clientId, nonce;
  std::int64_t nowSeconds = 0;
};

/// Clocks may differ by this much.
inline constexpr std::int64_t skewSeconds = 60;

/// The claims of a token that the provider signed for this client, this sign-in and this moment. `keyOf` finds the key.
/// Throws Error{unauthenticated} for everything else, saying which rule it breaks and never what stands in it.
json::object readIdToken(std::string_view token, const std::function<crypto::Jwk(const crypto::Jws&)>& keyOf,
                         const Expected& expected);

}  // namespace regesta::governance::oidc
