#include "governance/governor.h"

#include <algorithm>

#include "access/grants.h"
#include "base/error.h"
#include "base/name_pattern.h"
#include "base/text.h"

namespace regesta::governance {

namespace {

bool governs(const access::Identity& identity, const Binding& binding) {
  if (identity.local) return true;
  return std::ranges::any_of(identity.grants, [&](const access::Grant& grant) {
    return grant.role == "admin" && (grant.workspace == "*" || grant.workspace == binding.workspace) &&
           patternCovers(grant.namePattern, binding.namePattern);
  });
}

/// Whether some name matches both patterns; '?' counts as any text, which errs towards yes.
bool patternsMeet(std::string_view a, std::string_view b) {
  auto open = [](char c) { return c == '*' || c == '?'; };
  std::vector<char> row(b.size() + 1);
  for (std::size_t i = 0; i <= a.size(); ++i) {
    std::vector<char> next(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
      bool meets = i == 0 && j == 0;
      if (i > 0 && open(a[i - 1])) meets |= row[j] || (j > 0 && next[j - 1]);
      if (j > 0 && open(b[j - 1])) meets |= next[j - 1] || (i > 0 && row[j]);
      if (i > 0 && j > 0) meets |= row[j - 1] && a[i - 1] == b[j - 1];
      next[j] = meets;
    }
    row = std::move(next);
  }
  return row[b.size()] != 0;
}

std::string whereOf(const Binding& binding) {
  return fmt::format("'{}' in {}", binding.namePattern,
                     binding.workspace == "*" ? "all workspaces" : fmt::format("workspace '{}'", binding.workspace));
}

/// The first binding that changes with the policy and is not the identity's to govern.
std::optional<Binding> beyond(db::Transaction& transaction, const access::Identity& identity,
                              const registry::AssetKey& policy) {
  for (const Binding& binding : bindingsOf(transaction, policy))
    if (!parseInteger(binding.policySelector) && !governs(identity, binding)) return binding;
  return std::nullopt;
}

}  // namespace

void requireGovernor(const access::Identity& identity, const Binding& binding) {
  if (!governs(identity, binding)) throw access::missingRole(identity, "admin", binding.workspace, binding.namePattern);
}

bool concerns(const access::Identity& identity, const Binding& binding, std::string_view workspace) {
  if (identity.local) return true;
  return std::ranges::any_of(identity.grants, [&](const access::Grant& grant) {
    return (grant.workspace == "*" || grant.workspace == workspace) &&
           patternsMeet(grant.namePattern, binding.namePattern);
  });
}

bool governsPolicy(db::Transaction& transaction, const access::Identity& identity, const registry::AssetKey& policy) {
  return !beyond(transaction, identity, policy);
}

void requirePolicyGovernor(db::Transaction& transaction, const access::Identity& identity,
                           const registry::AssetKey& policy) {
  std::optional<Binding> binding = beyond(transaction, identity, policy);
  if (!binding) return;
  throw error(Code::denied,
              "policy '{}' is bound to '{}' of {} (binding {}, version '{}'), and {} does not administer all of that; "
              "a user with the role 'admin' there must change it, or bind a version number",
              policy.name, binding->pointer, whereOf(*binding), binding->id, binding->policySelector,
              identity.actor.name);
}

}  // namespace regesta::governance
