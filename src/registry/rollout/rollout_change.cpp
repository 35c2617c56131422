#include "base/error.h"
#include "base/id.h"
#include "base/limits_delivery.h"
#include "base/redact.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "registry/archive.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"

namespace regesta::registry {
namespace {

void checkReason(std::string_view reason) {
  if (reason.size() > 4000 || !isUtf8(reason)) throw Invalid("reason", "must be UTF-8 of at most 4000 bytes");
}

json::array armsJson(const Rollout& rollout) {
  json::array arms;
  for (const RolloutArm& arm : rollout.plan.arms)
    arms.push_back(json::object{{"name", arm.name}, {"version", arm.version}, {"weight", arm.weight}});
  return arms;
}

void requireActive(const Rollout& rollout) {
  if (!rollout.active())
    throw error(Code::invalidState, "rollout {} of {} has already been {}{}", rollout.id, rollout.subject(),
                pastParticiple(rollout.status),
                rollout.status == RolloutStatus::completed
                    ? fmt::format("; to roll back now: regesta rollback {}", rollout.subject())
                    : "");
}

/// Writes the mutable members unless the row changed since `before` was read, and records the reason.
Rollout save(Change& change, const Rollout& before, Rollout after, Action action, json::object data) {
  after.revision = before.revision + 1;
  std::int64_t changed = change.transaction.run(
      "UPDATE rollout SET status = $3, step = $4, step_since = $5, baked = $6, hold = $7, forced = $8, revision = $9, "
      "ended_at = $10, ended_by = $11, end_reason = $12, evidence = $13, decision = $14 "
      "WHERE id = $1 AND revision = $2",
      {before.id, before.revision, statusName(after.status), after.step, after.stepSince, after.baked, after.hold,
       after.forced, after.revision, after.endedAt, after.endedBy, after.endReason, after.evidence, after.decision});
  if (changed == 0)
    throw error(Code::conflict, "rollout {} of {} has changed in the meantime; review it again", before.id,
                before.subject());
  data["rollout"] = before.id;
  data["pointer"] = before.alias;
  data["status"] = statusName(after.status);
  data["step"] = after.step;
  data["share"] = after.share();
  if (after.forced != 0) data["forced"] = after.forced;
  if (after.decision != before.decision) data["decision"] = after.decision;
  change.record(action, before.key.workspace, before.subject(), std::move(data));
  return after;
}

/// Stops the step's clock.
void stopClock(Rollout& rollout, std::int64_t now) {
  if (rollout.status == RolloutStatus::running) rollout.baked += std::max<std::int64_t>(now - rollout.stepSince, 0);
  rollout.stepSince = now;
}

json::object because(std::string_view reason) {
  if (reason.empty()) return {};
  return {{"reason", redactText(shorten(reason, 1000))}};
}

}  // namespace

void checkStart(db::Transaction& transaction, const Asset& asset, std::string_view alias, const RolloutPlan& plan) {
  std::int64_t stable = holderOf(transaction, asset, Pointer::alias(alias));
  if (stable == 0)
    throw error(Code::invalidState, "'{}' of {} points to no version yet: set it first, then roll out another version",
                alias, asset.key.subject());
  for (const RolloutArm& arm : plan.arms) {
    if (arm.version == stable)
      throw error(Code::invalidState, "'{}' of {} already points to version {}", alias, asset.key.subject(), stable);
    requireNotArchived(getVersion(transaction, asset.key, arm.version), "rolled out");
  }
  if (auto other = runningRollout(transaction, asset, alias))
    throw error(Code::invalidState, "rollout {} is {} on '{}' of {}: end it first (regesta rollout stop {} {})",
                other->id, statusName(other->status), alias, asset.key.subject(), asset.key.name, other->id);
}

Rollout startRollout(Change& change, const Asset& asset, const RolloutPlan& plan, const Clearance& clearance,
                     std::string_view reason) {
  Rollout rollout;
  rollout.asset = asset.id;
  rollout.key = asset.key;
  REGESTA_INVARIANT(!clearance.pointer().isStage());
  rollout.alias = clearance.pointer().name();
  rollout.plan = plan;
  rollout.stable = holderOf(change.transaction, asset, clearance.pointer());
  REGESTA_INVARIANT(!plan.arms.empty() && clearance.to() == plan.arms.front().version);
  checkReason(reason);
  if (rollout.stable != clearance.from())
    throw error(Code::conflict, "'{}' of {} has moved in the meantime: it points to version {}, not to {}",
                rollout.alias, asset.key.subject(), rollout.stable, clearance.from());
  checkStart(change.transaction, asset, rollout.alias, plan);

  rollout.salt = randomHex(8);
  rollout.algorithm = bucketingFlagd;
  rollout.decision = clearance.decision();
  rollout.reason = reason;
  rollout.stepSince = rollout.startedAt = change.now;
  rollout.startedBy = change.actor.name;
  std::string text = canonicalPlan(plan);
  rollout.id = change.transaction.insert(
      "INSERT INTO rollout (asset, alias, stable, plan, status, step, step_since, baked, hold, forced, salt, "
      "algorithm, decision, reason, revision, started_at, started_by, ended_at, ended_by, end_reason, evidence) "
      "VALUES ($1, $2, $3, $4, 'running', 0, $5, 0, '', 0, $6, $7, $8, $9, 0, $5, $10, 0, '', '', '') RETURNING id",
      {asset.id, rollout.alias, rollout.stable, text, rollout.startedAt, rollout.salt, rollout.algorithm,
       rollout.decision, rollout.reason, rollout.startedBy});
  json::object data = because(reason);
  data["rollout"] = rollout.id;
  data["pointer"] = rollout.alias;
  data["stable"] = rollout.stable;
  data["arms"] = armsJson(rollout);
  data["plan"] = crypto::sha256Hex(text);
  data["salt"] = rollout.salt;
  data["status"] = statusName(rollout.status);
  data["step"] = rollout.step;
  data["share"] = rollout.share();
  if (!rollout.decision.empty()) data["decision"] = rollout.decision;
  change.record(Action::rolloutStarted, asset.key.workspace, rollout.subject(), std::move(data));
  return rollout;
}

Rollout stepRollout(Change& change, const Rollout& rollout, std::int64_t step, const RolloutClearance& clearance,
                    std::string_view reason) {
  requireActive(rollout);
  checkReason(reason);
  if (step <= rollout.step || step >= static_cast<std::int64_t>(rollout.plan.steps.size()))
    throw Invalid(
        "step", fmt::format("must be after step {} and within the plan's {}", rollout.step, rollout.plan.steps.size()));
  Rollout after = rollout;
  after.decision = clearance.decision();
  after.step = step;
  after.stepSince = change.now;
  after.baked = 0;
  return save(change, rollout, std::move(after), Action::rolloutStepped, because(reason));
}

Rollout pauseRollout(Change& change, const Rollout& rollout, std::string_view reason) {
  requireActive(rollout);
  checkReason(reason);
  if (rollout.status == RolloutStatus::paused) return rollout;
  Rollout after = rollout;
  stopClock(after, change.now);
  after.status = RolloutStatus::paused;
  return save(change, rollout, std::move(after), Action::rolloutPaused, because(reason));
}

Rollout resumeRollout(Change& change, const Rollout& rollout, const RolloutClearance& clearance,
                      std::string_view reason) {
  requireActive(rollout);
  checkReason(reason);
  if (rollout.status == RolloutStatus::running && rollout.hold.empty()) return rollout;
  Rollout after = rollout;
  after.decision = clearance.decision();
  after.status = RolloutStatus::running;
  if (rollout.status == RolloutStatus::paused) after.stepSince = change.now;
  after.hold.clear();
  after.forced = 0;
  return save(change, rollout, std::move(after), Action::rolloutResumed, because(reason));
}

Rollout holdRollout(Change& change, const Rollout& rollout, std::string_view why) {
  requireActive(rollout);
  if (rollout.hold == why) return rollout;
  Rollout after = rollout;
  after.hold = shorten(why, 1000);
  return save(change, rollout, std::move(after), why.empty() ? Action::rolloutReleased : Action::rolloutHeld,
              because(why));
}

namespace {

Rollout serveOnly(Change& change, const Rollout& rollout, std::int64_t version, std::string_view reason,
                  std::string_view decision) {
  requireActive(rollout);
  checkReason(reason);
  if (!rollout.serves(version))
    throw Invalid("version", fmt::format("must be the stable version {} or an arm of the rollout", rollout.stable));
  Rollout after = rollout;
  stopClock(after, change.now);
  after.status = RolloutStatus::paused;
  after.forced = version;
  after.decision = decision;
  return save(change, rollout, std::move(after), Action::rolloutKilled, because(reason));
}

}  // namespace

Rollout killRollout(Change& change, const Rollout& rollout, std::string_view reason) {
  return serveOnly(change, rollout, rollout.stable, reason, rollout.decision);
}

Rollout forceRollout(Change& change, const Rollout& rollout, std::int64_t version, std::string_view reason,
                     const RolloutClearance& clearance) {
  return serveOnly(change, rollout, version, reason, clearance.decision());
}

Rollout endRollout(Change& change, const Rollout& rollout, RolloutStatus status, std::string_view reason,
                   const json::object& evidence) {
  REGESTA_INVARIANT(status == RolloutStatus::rolledBack || status == RolloutStatus::stopped);
  requireActive(rollout);
  checkReason(reason);
  Rollout after = rollout;
  stopClock(after, change.now);
  after.status = status;
  after.forced = 0;
  after.endedAt = change.now;
  after.endedBy = change.actor.name;
  after.endReason = reason;
  json::object data = because(reason);
  data["stable"] = rollout.stable;
  if (!evidence.empty()) {
    after.evidence = canonicalJson(evidence);
    if (after.evidence.size() > limits::rolloutEvidence)
      throw error(Code::tooLarge, "evidence must be at most {} bytes", limits::rolloutEvidence);
    data["evidence"] = crypto::sha256Hex(after.evidence);
  }
  return save(change, rollout, std::move(after),
              status == RolloutStatus::rolledBack ? Action::rolloutRolledBack : Action::rolloutStopped,
              std::move(data));
}

Rollout completeRollout(Change& change, const Rollout& rollout, const Clearance& clearance, std::string_view reason) {
  requireActive(rollout);
  checkReason(reason);
  REGESTA_INVARIANT(clearance.pointer().text() == rollout.alias && clearance.from() == rollout.stable);
  Rollout after = rollout;
  after.decision = clearance.decision();
  stopClock(after, change.now);
  after.status = RolloutStatus::completed;
  after.forced = 0;
  after.endedAt = change.now;
  after.endedBy = change.actor.name;
  json::object data = because(reason);
  data["to"] = clearance.to();
  after = save(change, rollout, std::move(after), Action::rolloutCompleted, std::move(data));
  moveAlias(change, getAsset(change.transaction, rollout.key), clearance);
  return after;
}

}  // namespace regesta::registry
