#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "crypto/jws.h"

namespace regesta::access::oidc {

/// Expected claims of an ID token (OpenID Connect Core section 3.1.3.7).
struct Expected {
  std::string issuer, clientId;
  std::string nonce = {};
  std::int64_t nowSeconds = 0;
};

/// Accepted clock difference.
inline constexpr std::int64_t skewSeconds = 60;

/// The claims of a token whose signature the caller has verified, after all rules but that for `nonce`: for tokens that
/// belong to no sign-in, of which the caller makes sure that they count once. Throws as readIdToken() does.
json::object checkedClaims(const crypto::Jws& verified, const Expected& expected);

/// Returns the claims of a token that the provider signed for this client and sign-in and that is valid now. `keyOf`
/// finds the key. Otherwise throws Error{unauthenticated} that names the rule, but never the token's content.
json::object readIdToken(std::string_view token, const std::function<crypto::Jwk(const crypto::Jws&)>& keyOf,
                         const Expected& expected);

}  // namespace regesta::access::oidc
