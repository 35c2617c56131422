#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "governance/change_request.h"
#include "governance/gate_attempt.h"
#include "governance/governor.h"
#include "registry/clearance_issuer.h"
#include "registry/pointer.h"

namespace regesta::governance {

namespace {

/// One version on one pointer that the new name protects.
struct Held {
  registry::Pointer pointer;
  std::int64_t number = 0;
  bool operator==(const Held&) const = default;
};

std::vector<Held> protectedBy(db::Transaction& transaction, const registry::Asset& asset,
                              const registry::AssetKey& rules) {
  std::vector<Held> held;
  for (const registry::Pointer& pointer : registry::standingPointers(transaction, asset))
    if (registry::isProtected(transaction, rules, pointer))
      for (std::int64_t number : registry::versionsOn(transaction, asset, pointer)) held.push_back({pointer, number});
  return held;
}

/// True when the asset would leave bindings, all of which the identity may remove; throws when one is beyond them.
bool leavesBindings(db::Transaction& transaction, const access::Identity& identity, const registry::AssetKey& key,
                    const registry::AssetKey& renamed) {
  bool leaves = false;
  for (const Binding& binding : listBindings(transaction, key.workspace)) {
    if (!binding.guards(key) || binding.guards(renamed)) continue;
    requireGovernor(identity, binding);
    leaves = true;
  }
  return leaves;
}

/// A policy in use must not get another name: the pointers it guards would be closed to everybody.
void refuseBound(db::Transaction& transaction, const registry::AssetKey& key) {
  if (key.kind != registry::Kind::policy) return;
  std::vector<Binding> bindings = bindingsOf(transaction, key);
  if (!bindings.empty())
    throw error(Code::refused, "policy '{}' is bound to '{}' by binding {}; remove the binding first", key.name,
                bindings[0].pointer, bindings[0].id);
}

std::vector<Case> collectRename(db::Transaction& transaction, const access::Identity& identity,
                                const registry::AssetKey& key, std::string_view newName, std::int64_t now) {
  registry::Asset asset = registry::getAsset(transaction, key);
  registry::AssetKey renamed{key.workspace, key.kind, std::string(newName)};
  refuseBound(transaction, key);
  std::vector<Case> cases;
  for (const Held& held : protectedBy(transaction, asset, renamed)) {
    Question question{key, held.pointer, held.number, "", false, false, 0};
    question.renamedTo = newName;
    cases.push_back(collectCase(transaction, identity, question, now));
  }
  return cases;
}

}  // namespace

std::optional<registry::Asset> Gate::renameOnce(const access::Identity& identity, const registry::AssetKey& key,
                                                std::string_view newName) {
  std::int64_t now = nowMillis();
  std::vector<Case> cases = store_.read(
      [&](db::Transaction& transaction) { return collectRename(transaction, identity, key, newName, now); });
  std::vector<GateCheck> checks;
  std::string reasons;
  for (const Case& one : cases) {
    checks.push_back(checkGate(engine_, options_.opa, one, now));
    if (checks.back().decision.result == DecisionResult::allowed) continue;
    Move move{.key = one.question.rules(), .pointer = one.question.pointer, .to = one.question.to};
    reasons += (reasons.empty() ? "" : "\n") + outcomeText(*this, move, outcomeOf(one, checks.back()));
  }
  bool refused = !reasons.empty();
  auto renamed = store_.change(identity.actor, [&](registry::Change& change) -> std::optional<registry::Asset> {
    std::vector<Case> again = collectRename(change.transaction, identity, key, newName, std::max(now, change.now));
    if (!std::ranges::equal(cases, again, {}, &Case::digest, &Case::digest)) return std::nullopt;
    registry::Asset asset = registry::getAsset(change.transaction, key);
    std::vector<registry::Clearance> clearances;
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const Question& question = cases[i].question;
      Outcome outcome;
      if (checks[i].decision.result != DecisionResult::allowed)
        recordRefusal(change, cases[i], checks[i], outcome);
      else if (!refused)
        storeDecision(change, checks[i].decision);
      clearances.push_back(
          registry::ClearanceIssuer::move(question.pointer, question.to, question.to, checks[i].decision.digest));
    }
    if (refused) return asset;
    registry::AssetKey rules{key.workspace, key.kind, std::string(newName)};
    bool leaves = leavesBindings(change.transaction, identity, key, rules);
    closeRequestsAbout(change, asset, 0, "the asset was renamed");
    return registry::renameAsset(change, asset, newName,
                                 registry::ClearanceIssuer::rename(std::move(clearances), leaves));
  });
  if (renamed && refused)
    throw Error(Code::refused, fmt::format("{} cannot be renamed to '{}':\n{}", key.subject(), newName, reasons));
  return renamed;
}

registry::Asset Gate::rename(const access::Identity& identity, const registry::AssetKey& key,
                             std::string_view newName) {
  requireMovePermission(identity, key);
  requireMovePermission(identity, {key.workspace, key.kind, std::string(newName)});
  if (newName == key.name)
    return store_.read([&](db::Transaction& transaction) { return registry::getAsset(transaction, key); });
  for (int i = 0; i < options_.attempts; ++i)
    if (auto asset = renameOnce(identity, key, newName)) return *std::move(asset);
  throw error(Code::conflict, "{} or facts of its policies keep changing; try again", key.subject());
}

}  // namespace regesta::governance
