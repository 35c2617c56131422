#include "lifecycle/holds.h"

#include "governance/governor.h"

namespace regesta::lifecycle {
namespace {

/// The names that the hold covers, in the form that governor.h asks about.
governance::Binding coverage(const registry::Hold& hold) {
  return {.workspace = hold.workspace, .kind = hold.kind, .namePattern = hold.namePattern};
}

void requireAdministrator(const access::Identity& identity, const registry::Hold& hold) {
  if (hold.asset != 0)
    identity.require(access::Verb::administer, hold.workspace, hold.namePattern);
  else
    governance::requireGovernor(identity, coverage(hold));
}

}  // namespace

registry::Hold placeHold(registry::Change& change, const access::Identity& identity, registry::Hold hold) {
  requireAdministrator(identity, hold);
  return registry::placeHold(change, std::move(hold));
}

registry::Hold liftHold(registry::Change& change, const access::Identity& identity, std::string_view workspace,
                        std::int64_t id, std::string_view reason) {
  std::optional<registry::Hold> hold = registry::findHold(change.transaction, workspace, id);
  if (!hold || !maySee(identity, *hold)) throw error(Code::notFound, "workspace '{}' has no hold {}", workspace, id);
  requireAdministrator(identity, *hold);
  if (!identity.actor.isPerson())
    throw error(Code::denied, "{} cannot lift hold {}: only users can. Sign in as an administrator other than {}",
                identity.actor.name, id, hold->placedBy);
  if (!identity.local && identity.actor.name == hold->placedBy)
    throw error(Code::denied, "{} placed hold {} and cannot lift it: ask another administrator of {}",
                identity.actor.name, id, hold->target());
  return registry::liftHold(change, *hold, reason);
}

bool maySee(const access::Identity& identity, const registry::Hold& hold) {
  if (hold.asset != 0) return identity.may(access::Verb::read, hold.workspace, hold.namePattern);
  return governance::concerns(identity, coverage(hold), hold.workspace);
}

}  // namespace regesta::lifecycle
