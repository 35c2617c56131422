#include <algorithm>

#include "base/error.h"
#include "base/time.h"
#include "governance/gate_attempt.h"
#include "governance/guard_actor.h"
#include "governance/quarantine.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"

namespace regesta::governance {

namespace {

/// The rollout of `target` that a guard rolled back, unless a user moved the pointer to it since.
std::optional<registry::Rollout> rolledBackBy(db::Transaction& transaction, const registry::Asset& asset,
                                              const registry::Pointer& pointer, std::int64_t target,
                                              const std::vector<registry::Position>& history) {
  constexpr std::size_t looked = 100;
  for (const registry::Rollout& rollout : registry::listRollouts(transaction, asset, pointer.text(), looked)) {
    if (!rollout.endedByGuard()) continue;
    bool since = std::ranges::any_of(history, [&](const registry::Position& position) {
      return position.to == target && position.at > rollout.endedAt;
    });
    if (rollout.tries(target) && !since) return rollout;
  }
  return std::nullopt;
}

/// Going back must not undo what a guard has just done. Who names the version has seen it.
void refuseRolledBack(db::Transaction& transaction, const registry::Asset& asset, const registry::Pointer& pointer,
                      std::int64_t target, const std::vector<registry::Position>& history) {
  if (auto rollout = rolledBackBy(transaction, asset, pointer, target, history))
    throw error(Code::invalidState,
                "'{}' pointed to version {} before, but a guard rolled it back {} (rollout {}): {}. Name it with "
                "--to {} to insist, or another version",
                pointer, target, formatTime(rollout->endedAt), rollout->id, rollout->endReason, target);
}

bool isUsable(db::Transaction& transaction, const registry::Version& version) {
  return !version.isArchived() && !quarantineOf(transaction, version);
}

/// A standing guard found it worse, and nobody moved the pointer to it since.
bool wasLeftByGuard(const std::vector<registry::Position>& history, std::int64_t number) {
  for (auto position = history.rbegin(); position != history.rend(); ++position) {
    if (position->to == number) return false;
    if (position->from == number && position->actor == standingGuardActor().name) return true;
  }
  return false;
}

/// The newest version that the pointer had besides `from`, may be used and no guard rolled back since; 0: none.
std::int64_t lastGood(db::Transaction& transaction, const registry::AssetKey& key, const registry::Asset& asset,
                      const registry::Pointer& pointer, std::int64_t from) {
  std::vector<registry::Position> history = registry::pointerHistory(transaction, key, pointer);
  for (auto position = history.rbegin(); position != history.rend(); ++position)
    for (std::int64_t number : {position->to, position->from}) {
      if (number == 0 || number == from) continue;
      auto version = registry::findVersion(transaction, key, number);
      if (version && isUsable(transaction, *version) && !wasLeftByGuard(history, number) &&
          !rolledBackBy(transaction, asset, pointer, number, history))
        return number;
    }
  return 0;
}

Error noOtherVersion(const registry::AssetKey& key, const registry::Pointer& pointer) {
  std::string next =
      pointer.isStage() ? "" : fmt::format("; move it: regesta alias set {} {} VERSION", key.subject(), pointer);
  return error(Code::invalidState, "'{}' of {} has pointed to no other version that may be used{}", pointer,
               key.subject(), next);
}

}  // namespace

Gate::Outcome Gate::rollback(const access::Identity& identity, const registry::AssetKey& key,
                             const registry::Pointer& pointer, std::string reason, std::int64_t to) {
  requireMovePermission(identity, key);
  std::int64_t target = store_.read([&](db::Transaction& transaction) {
    registry::Asset asset = registry::getAsset(transaction, key);
    std::int64_t holder = registry::holderOf(transaction, asset, pointer);
    std::vector<registry::Position> history = registry::pointerHistory(transaction, key, pointer);
    for (auto position = history.rbegin(); position != history.rend(); ++position)
      for (std::int64_t number : {position->to, position->from}) {
        bool wanted = to == 0 ? number != 0 && number != holder : number == to;
        if (!wanted || number == 0) continue;
        auto version = registry::findVersion(transaction, key, number);
        if (!version || (to == 0 && !isUsable(transaction, *version))) continue;
        if (to == 0) refuseRolledBack(transaction, asset, pointer, number, history);
        return number;
      }
    if (to != 0)
      throw error(Code::invalidState, "'{2}' of {1} never pointed to version {0}; set the alias instead", to,
                  key.subject(), pointer);
    throw noOtherVersion(key, pointer);
  });
  return run(
      {identity, {key, pointer, target, std::move(reason), true, pointer.isStage(), 0}, identity.actor, false, 0});
}

Gate::Outcome Gate::rollBackFrom(const access::Identity& identity, const registry::Actor& actor,
                                 const registry::AssetKey& key, const registry::Pointer& pointer, std::int64_t from,
                                 std::string reason) {
  Question question{key, pointer, 0, std::move(reason), true, pointer.isStage(), 0};
  bool isThere = store_.read([&](db::Transaction& transaction) {
    registry::Asset asset = registry::getAsset(transaction, key);
    std::vector<std::int64_t> on = registry::versionsOn(transaction, asset, pointer);
    if (std::ranges::find(on, from) == on.end()) return false;
    std::int64_t holder = registry::holderOf(transaction, asset, pointer);
    question.from = holder;
    // A stage can have several versions: a newer one stays.
    auto newest = holder == from ? std::nullopt : registry::findVersion(transaction, key, holder);
    question.to = newest && isUsable(transaction, *newest) ? holder : lastGood(transaction, key, asset, pointer, from);
    return true;
  });
  if (!isThere) return {};
  if (question.to == 0) throw noOtherVersion(key, pointer);
  return run({identity, std::move(question), actor, false, 0});
}

}  // namespace regesta::governance
