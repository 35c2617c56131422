#pragma once
#include "access/oidc/options.h"
#include "base/json.h"

namespace regesta::access::oidc {

/// Whether the claims lack members that the settings need, so that the userinfo endpoint must be called.
bool needsUserinfo(const Options& options, const json::object& claims);

/// The person of the claims and the grants of their groups. The name is the claim oidc.name-claim or, without it, the
/// email address if the provider has verified it. Throws Error{denied} if there is no name, if it is not a valid user
/// name, or if the provider omitted the groups because there are too many.
Person personOf(const Options& options, const json::object& claims);

}  // namespace regesta::access::oidc
