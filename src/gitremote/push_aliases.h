#pragma once
#include "gitremote/push_check.h"
#include "governance/gate.h"

namespace regesta::gitremote {

/// Moves aliases to versions that exist already, before the push is accepted: a refusal then refuses the push, noted in
/// `checked`. Aliases to versions of the push itself go through the gate afterwards.
void moveThroughGate(registry::Store& store, governance::Gate& gate, const access::Identity& identity, const Push& push,
                     CheckedPush& checked);

/// Moves the aliases of an accepted push one by one and adds each result to `lines`. Returns the refs whose alias moved
/// or was already there.
std::set<std::string> moveAliases(registry::Store& store, governance::Gate& gate, const access::Identity& identity,
                                  const Push& push, const std::vector<RequestedAlias>& requestedAliases,
                                  std::vector<std::string>& lines);

}  // namespace regesta::gitremote
