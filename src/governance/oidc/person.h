#pragma once
#include "base/json.h"
#include "governance/oidc/options.h"

namespace regesta::governance::oidc {

/// Whether the claims lack what the settings ask for, so that the provider's userinfo should be asked, too.
bool wantsMore(const Options& options, const json::object& claims);

/// Who the claims are about and what their groups give. The name is the claim oidc.name-claim; where that is absent,
/// the email address, and an email address counts only when the provider has verified it. Throws Error{denied} when
/// there is no name, when it cannot be a user's name here, and when the provider left the groups out because they are
/// too many.
Person personOf(const Options& options, const json::object& claims);

}  // namespace regesta::governance::oidc
