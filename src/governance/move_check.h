#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "governance/decision_facts.h"
#include "governance/replay.h"
#include "registry/action.h"

namespace regesta::governance {

/// Checks that every move of a then protected pointer cites a decision that allowed it: stored, with that digest, the
/// result "allowed", that pointer and version, and facts that the ledger confirms.
class MoveCheck {
 public:
  /// Entries in the tree's order, then those that are not in it yet (-1).
  void take(std::int64_t index, const json::object& entry);
  void compare(db::Transaction& transaction, Comparison& found, std::size_t limit) const;

 private:
  struct Binding {
    std::string workspace, kind, namePattern, pointer;
  };
  struct Move {
    std::int64_t index = -1;
    registry::Action action = registry::Action::aliasMoved;
    std::string subject, pointer, decision;
    std::int64_t to = 0;
    std::string workspace;
    std::shared_ptr<const DecisionFacts::Versions> versions;  ///< of the asset
    std::int64_t facts = 0;                                   ///< number of entries with these facts
  };
  std::string faultOf(db::Transaction& transaction, const Move& move) const;
  bool isBound(const std::string& workspace, const std::string& subject, const std::string& pointer) const;
  std::map<std::int64_t, Binding> bindings_;
  std::vector<Move> moves_;
  DecisionFacts facts_;
};

}  // namespace regesta::governance
