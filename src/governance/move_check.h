#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "governance/bound_policies.h"
#include "governance/decision_facts.h"
#include "governance/replay.h"
#include "registry/action.h"

namespace regesta::governance {

/// Checks that whatever widened what a then protected pointer serves cites a decision that allowed it: stored, with
/// that digest, the result "allowed", that pointer, version and share, by every policy bound then, and on facts that
/// the ledger confirms. Moves, removals and rollouts are such changes, and renames that bring a pointer under a policy.
/// And that nothing moved to a version that had an incident.
class MoveCheck {
 public:
  /// Entries in the tree's order, then those that are not in it yet (-1).
  void take(std::int64_t index, const json::object& entry);
  void compare(db::Transaction& transaction, Comparison& found, std::size_t limit);

 private:
  struct Move {
    std::int64_t index = -1;
    registry::Action action = registry::Action::aliasMoved;
    std::string subject, pointer, decision;
    std::int64_t to = 0;     ///< 0: no one version
    std::int64_t share = 0;  ///< of the keys that get it, as decidesShare() takes it
    std::string workspace;
    std::shared_ptr<const DecisionFacts::Versions> versions = nullptr;  ///< of the asset
    std::int64_t facts = 0;                                             ///< number of entries with these facts
    std::vector<BoundPolicies::Policy> policies = {};                   ///< bound at the time of the move
  };
  struct Rollout {
    std::int64_t stable = 0;
    std::string decision;
  };
  struct Incident {
    std::shared_ptr<const DecisionFacts::Versions> versions;  ///< of its asset, which may be renamed
    std::int64_t number = 0;
    std::string digest, subject;
  };
  /// Versions on pointers of one asset.
  using Held = std::set<std::pair<std::string, std::int64_t>>;

  void takePolicies(registry::Action action, const json::object& entry);
  void takeRollout(registry::Action action, const json::object& entry, Move move);
  void takeRename(const json::object& entry, const Move& move);
  void takeHeld(registry::Action action, const Move& move, const json::object& data);
  void takeIncident(registry::Action action, const Move& move, const json::object& data);
  void forbid(const Move& move, std::int64_t from);
  void confirm(const Move& move);
  void expect(Move move);

  std::string faultOf(db::Transaction& transaction, const Move& move) const;
  std::string faultOfPolicies(const json::object& decision, const Move& move) const;

  std::shared_ptr<BoundPolicies> policies_ = std::make_shared<BoundPolicies>();
  std::map<std::string, std::shared_ptr<const BoundPolicies>> decided_;  ///< by decision: as it was made
  std::map<std::string, Held> held_;                                     ///< by workspace and asset
  std::map<std::string, Rollout> rollouts_;                              ///< by workspace and id
  std::map<std::pair<std::string, std::int64_t>, Move> renamed_;  ///< by subject and version: to be confirmed next
  std::map<std::string, Incident> incidents_;  ///< by workspace and subject: those that were not dismissed
  std::vector<Difference> broken_;
  std::vector<Move> moves_;
  DecisionFacts facts_;
};

}  // namespace regesta::governance
