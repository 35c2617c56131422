#include "governance/gate_direct.h"

#include "base/error.h"
#include "governance/change_request.h"
#include "governance/quarantine.h"
#include "registry/clearance_issuer.h"
#include "registry/pointer.h"

namespace regesta::governance {

bool moveUnprotected(registry::Change& change, const access::Identity& identity, const Gate::Move& move) {
  registry::Pointer pointer = registry::parsePointer(move.pointer.text());
  REGESTA_INVARIANT(!pointer.isStage() && !move.rollout && move.key.kind != registry::Kind::policy);
  identity.require(access::Verb::write, move.key.workspace, move.key.name);
  if (registry::isProtected(change.transaction, move.key, pointer)) return false;
  registry::Asset asset = registry::getAsset(change.transaction, move.key);
  std::int64_t holder = registry::holderOf(change.transaction, asset, pointer);
  if (move.from && *move.from != holder)
    throw error(Code::conflict, "{} points to {}, not to {} as you saw; read it again before you move it",
                move.key.subject(pointer), holder, *move.from);
  if (holder == move.to) return true;
  if (move.to != 0)
    requireNoQuarantine(change.transaction, registry::getVersion(change.transaction, move.key, move.to));
  registry::moveAlias(change, asset, registry::ClearanceIssuer::move(pointer, holder, move.to, {}, move.reason));
  closeStale(change, move.key, pointer, 0);
  return true;
}

}  // namespace regesta::governance
