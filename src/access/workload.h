#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"

/// Workload identity: tokens without a secret. A CI job signs in as such a token with an ID token that its platform
/// signed, and gets a credential that ends soon.
namespace regesta::access {

/// The jobs that may sign in as a token.
struct Trust {
  std::string issuer;                         ///< https://token.actions.githubusercontent.com
  std::string audience;                       ///< the claim aud
  std::map<std::string, std::string> claims;  ///< claim → glob that its value must match; every one must
  std::int64_t lastsSeconds = 900;            ///< of a sign-in
};

struct TrustedToken {
  std::string name;
  Trust trust;
};

inline constexpr std::int64_t longestSignInSeconds = 24 * 3600;

/// Throws Invalid. At least one claim must be bound to a pattern that begins with text: issuers of public platforms
/// sign for everybody.
void checkTrust(const Trust& trust);
json::object trustToJson(const Trust& trust);
/// Reads the output of trustToJson. Throws Error{corrupt} for anything else.
Trust trustFromJson(std::string_view text);

/// The caller must have checked that the actor administers the server. Throws as Access::createToken does.
void createWorkloadToken(registry::Store& store, const registry::Actor& actor, std::string_view name,
                         const std::vector<Grant>& grants, const Trust& trust);
/// Tokens with trust that are not revoked, by name.
std::vector<TrustedToken> trustedTokens(db::Transaction& transaction);

/// Whether every claim that the trust names has a value that matches. Only text, whole numbers and true or false match.
bool matches(const Trust& trust, const json::object& claims);

/// Signs a job in. `use` makes its ID token count once; `job` is stored in the ledger entry. Throws
/// Error{unauthenticated} if the ID token was used before or the token is gone.
Access::Session openWorkloadSession(registry::Store& store, const TrustedToken& token,
                                    const std::optional<Access::OneTime>& use, json::object job);

/// The beginning of such a credential's secret, by which a header's bearer token is known to be one.
inline constexpr std::string_view workloadPrefix = "rgx_";

}  // namespace regesta::access
