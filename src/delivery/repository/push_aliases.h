#pragma once
#include "delivery/repository/push_check.h"
#include "governance/gate.h"

namespace regesta::delivery {

/// Asks beforehand about aliases that shall move to versions which are there already: a refusal is then the push's,
/// noted in `checked`. Of versions that come with the push, the gate hears afterwards.
void askGate(registry::Store& store, governance::Gate& gate, const governance::Identity& identity, const Push& push,
             CheckedPush& checked);

/// Moves the aliases of a push that was taken, one after the other, and says in `lines` what became of each.
void moveAliases(registry::Store& store, governance::Gate& gate, const governance::Identity& identity, const Push& push,
                 const std::vector<AliasWish>& wishes, std::vector<std::string>& lines);

}  // namespace regesta::delivery
