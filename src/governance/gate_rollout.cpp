#include "base/error.h"
#include "base/time.h"
#include "governance/gate_attempt.h"
#include "governance/widening.h"
#include "registry/clearance_issuer.h"
#include "registry/pointer.h"

namespace regesta::governance {

using Act = Gate::Widening::Act;

void Gate::applyWidening(registry::Change& change, const registry::Rollout& rollout, const Widening& widening,
                         std::int64_t version, std::string_view reason, const std::string& decision) {
  registry::RolloutClearance clearance =
      registry::ClearanceIssuer::widen(decision.empty() ? rollout.decision : decision);
  switch (widening.act) {
    case Act::advance:
      registry::stepRollout(change, rollout, rollout.step + 1, clearance, reason);
      return;
    case Act::resume:
      registry::resumeRollout(change, rollout, clearance, reason);
      return;
    case Act::kill:
      registry::forceRollout(change, rollout, version, reason, clearance);
      return;
    case Act::complete:
      registry::completeRollout(change, rollout,
                                registry::ClearanceIssuer::move(registry::Pointer::alias(rollout.alias), rollout.stable,
                                                                version, clearance.decision()),
                                reason);
      return;
  }
}

std::optional<registry::Rollout> Gate::carryOn(const registry::Actor& actor, const Widening& widening,
                                               std::string_view reason) {
  // The server's own stepper, whose name no person can have, has seen to bake times and guards before it comes here.
  bool paced = actor.id().kind == registry::ActorKind::system;
  return store_.change(actor, [&](registry::Change& change) -> std::optional<registry::Rollout> {
    auto present = registry::findRollout(change.transaction, widening.rollout);
    if (!present) throw error(Code::notFound, "the rollout {} does not exist", widening.rollout);
    registry::Asset asset = registry::getAsset(change.transaction, present->key);
    Widened widened = findWidened(change.transaction, asset, widening);
    if (!isDecided(change.transaction, widened.rollout, widening, widened.version,
                   paced ? std::nullopt : std::optional(change.now)))
      return std::nullopt;
    applyWidening(change, widened.rollout, widening, widened.version, reason, "");
    if (widening.act == Act::complete) closeStale(change, present->key, registry::Pointer::alias(present->alias), 0);
    return registry::findRollout(change.transaction, widening.rollout);
  });
}

registry::Rollout Gate::widenAsDecided(const registry::Actor& actor, const Widening& widening) {
  if (auto rollout = carryOn(actor, widening, "")) return *std::move(rollout);
  registry::Rollout present =
      store_.read([&](db::Transaction& transaction) { return *registry::findRollout(transaction, widening.rollout); });
  throw error(Code::refused,
              "{}, so rollout {} needs a new decision of the gate to go on. Ask for it: regesta rollout {} {} {}",
              present.decision.empty()
                  ? fmt::format("'{}' of {} became protected since it started", present.alias, present.key.subject())
                  : "a policy was bound since it started, or it would serve more callers than was decided",
              widening.rollout, widening.act == Act::complete ? "complete" : "advance", present.key.name,
              widening.rollout);
}

registry::Rollout Gate::completeRollout(const registry::Actor& actor, std::int64_t rollout, std::string_view arm) {
  return widenAsDecided(actor, {.rollout = rollout, .act = Act::complete, .arm = std::string(arm)});
}

registry::Rollout Gate::stepRollout(const registry::Actor& actor, const registry::Rollout& rollout) {
  return widenAsDecided(actor, {.rollout = rollout.id, .act = Act::advance, .step = rollout.step + 1});
}

registry::Rollout Gate::widenOrThrow(const access::Identity& identity, const registry::AssetKey& key,
                                     const Widening& widening, std::string reason) {
  requireMovePermission(identity, key);
  Widened widened = store_.read([&](db::Transaction& transaction) {
    return findWidened(transaction, registry::getAsset(transaction, key), widening);
  });
  if (auto rollout = carryOn(identity.actor, widening, reason)) return *std::move(rollout);
  Widening exact = widening;
  exact.arm.clear();
  exact.version = widening.act == Act::kill || widening.act == Act::complete ? widened.version : 0;
  if (exact.version == 0) exact.step = widened.rollout.step + (widening.act == Act::advance ? 1 : 0);
  Move move{.key = key,
            .pointer = registry::Pointer::alias(widened.rollout.alias),
            .to = widened.version,
            .reason = std::move(reason)};
  Question question{key,   move.pointer, move.to, move.reason,
                    false, false,        0,       wideningPlan(widened.rollout, exact, nowMillis())};
  Outcome outcome = run({identity, std::move(question), identity.actor, false, 0});
  if (!outcome.isDone())
    throw Error(Code::refused, outcomeText(*this, move, outcome), writeJson(outcomeJson(*this, outcome)));
  return store_.read(
      [&](db::Transaction& transaction) { return *registry::findRollout(transaction, widening.rollout); });
}

}  // namespace regesta::governance
