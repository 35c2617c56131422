#pragma once
#include "access/access.h"
#include "governance/binding.h"

/// Who may change policies: only an administrator of everything that a policy binding covers may loosen it.
namespace regesta::governance {

/// Throws Error{denied} unless the identity administers every name that the binding's pattern matches, in every
/// workspace it applies to. Required to add or remove the binding, or to take an asset out of it by renaming.
void requireGovernor(const access::Identity& identity, const Binding& binding);
/// Whether the binding can match a name that the identity may read; otherwise its pattern is hidden.
bool concerns(const access::Identity& identity, const Binding& binding, std::string_view workspace);
/// Whether the identity governs every binding that a new version of the policy, or a move of one of its aliases, would
/// affect: those that select it by "latest", an alias or a range, not those to a fixed number.
bool governsPolicy(db::Transaction& transaction, const access::Identity& identity, const registry::AssetKey& policy);
/// Throws Error{denied} that names the binding unless the above holds.
void requirePolicyGovernor(db::Transaction& transaction, const access::Identity& identity,
                           const registry::AssetKey& policy);

}  // namespace regesta::governance
