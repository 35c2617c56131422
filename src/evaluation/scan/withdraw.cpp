#include "evaluation/scan/withdraw.h"

#include "base/error.h"
#include "base/log.h"
#include "governance/quarantine.h"
#include "registry/commit.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"

namespace regesta::evaluation {
namespace {

using registry::Pointer;

constexpr std::string_view reason = "its scan found something critical";

void endRollouts(registry::Change& change, const registry::Version& version) {
  for (const registry::Rollout& rollout : registry::activeRollouts(change.transaction, version.asset))
    if (rollout.tries(version.number)) registry::endRollout(change, rollout, registry::RolloutStatus::stopped, reason);
}

std::vector<Pointer> pointersOf(db::Transaction& transaction, const registry::Version& version) {
  std::vector<Pointer> pointers = registry::pointersTo(transaction, version);
  std::erase_if(pointers, [&](const Pointer& pointer) {
    return pointer == Pointer::stage("Archived") ||
           (!pointer.isStage() && registry::isBranch(version.asset, pointer.name()));
  });
  return pointers;
}

/// Whether an earlier version took its place.
bool movedBack(governance::Gate& gate, const access::Identity& identity, const registry::Version& version,
               const Pointer& pointer) try {
  return gate.rollBackFrom(identity, identity.actor, version.asset.key, pointer, version.number, std::string(reason))
      .isDone();
} catch (const Error& none) {
  if (none.code != Code::invalidState) throw;
  return false;
}

bool removed(governance::Gate& gate, const access::Identity& identity, const registry::Version& version,
             const Pointer& pointer) {
  governance::Gate::Move move{
      .key = version.asset.key, .pointer = pointer, .to = 0, .reason = std::string(reason), .from = version.number};
  if (pointer.isStage()) {
    move.pointer = Pointer::stage("None");
    move.to = version.number;
    move.from.reset();
  }
  return gate.move(identity, move).isDone();
}

}  // namespace

const registry::Actor& scanActor() {
  static const registry::Actor actor = registry::Actor::system("scan");
  return actor;
}

void withdraw(registry::Store& store, governance::Gate& gate, const registry::Version& version) {
  bool held = store.read(
      [&](db::Transaction& transaction) { return governance::quarantineOf(transaction, version).has_value(); });
  if (!held) return;
  std::vector<Pointer> pointers = store.change(scanActor(), [&](registry::Change& change) {
    registry::Version present = registry::getVersion(change.transaction, version.asset.key, version.number);
    endRollouts(change, present);
    return pointersOf(change.transaction, present);
  });
  access::Identity identity{.actor = scanActor(), .grants = {}, .local = true};
  for (const Pointer& pointer : pointers) try {
      if (movedBack(gate, identity, version, pointer) || removed(gate, identity, version, pointer)) continue;
      log(LogLevel::warn, "a version in quarantine is still served: a policy keeps its pointer",
          {{"version", version.subject()}, {"pointer", pointer.text()}});
    } catch (const Error& fault) {
      log(LogLevel::warn, "a version in quarantine is still served: its pointer could not be moved",
          {{"version", version.subject()}, {"pointer", pointer.text()}, {"why", fault.message}});
    }
}

}  // namespace regesta::evaluation
