#include "delivery/repository/push_aliases.h"

#include <algorithm>

#include "base/error.h"
#include "delivery/repository/fault.h"

namespace regesta::delivery {
namespace {

using governance::Gate;

Gate::Move moveOf(registry::Store& store, const std::string& workspace, const AliasWish& wish) {
  Gate::Move move{.key = {workspace, registry::Kind::prompt, wish.name}, .pointer = wish.alias};
  move.reason = "pushed to " + wish.where;
  if (!wish.semver.empty())
    move.to = store.read(
        [&](db::Session& session) { return registry::resolveVersion(session, move.key, wish.semver).number; });
  return move;
}

}  // namespace

void askGate(registry::Store& store, Gate& gate, const governance::Identity& identity, const Push& push,
             CheckedPush& checked) {
  for (const AliasWish& wish : checked.plan.wishes) {
    bool fresh = std::ranges::any_of(checked.plan.versions, [&](const PlannedVersion& version) {
      return version.place.name == wish.name && version.place.semver == wish.semver;
    });
    if (fresh) continue;
    std::string fault;
    try {
      Gate::Move move = moveOf(store, push.workspace, wish);
      using Kind = Gate::Outcome::Kind;
      // Tried in earnest when it would be refused: refused attempts are recorded.
      if (gate.preview(identity, move).kind != Kind::refused) continue;
      Gate::Outcome outcome = gate.move(identity, move);
      if (outcome.kind == Kind::refused) fault = governance::outcomeText(gate, move, outcome);
    } catch (const Error& e) {
      if (isOurs(e)) throw;
      fault = e.message;
    }
    if (fault.empty()) continue;
    checked.plan.faults.push_back(fmt::format("{}: {}", wish.where, fault));
    for (std::size_t i = 0; i < push.refs.size(); ++i)
      if (push.refs[i].name == wish.where || (push.refs[i].name == mainBranch && !wish.where.starts_with("refs/")))
        checked.faults[i] = "an alias may not move, see above";
  }
}

void moveAliases(registry::Store& store, Gate& gate, const governance::Identity& identity, const Push& push,
                 const std::vector<AliasWish>& wishes, std::vector<std::string>& lines) {
  for (const AliasWish& wish : wishes) {
    try {
      Gate::Move move = moveOf(store, push.workspace, wish);
      Gate::Outcome outcome = gate.move(identity, move);
      using Kind = Gate::Outcome::Kind;
      if (outcome.kind == Kind::moved)
        lines.push_back(wish.semver.empty() ? fmt::format("{}: {} is removed", wish.name, wish.alias)
                                            : fmt::format("{}: {} stands on {}", wish.name, wish.alias, wish.semver));
      if (outcome.kind != Kind::refused && outcome.kind != Kind::pending) continue;
      lines.push_back(governance::outcomeText(gate, move, outcome));
      lines.push_back(fmt::format("{}: {} stays where it was; the next fetch of main says so", wish.name, wish.alias));
    } catch (const Error& fault) {
      lines.push_back(fmt::format("{}: {} did not move: {}", wish.name, wish.alias, fault.message));
    }
  }
}

}  // namespace regesta::delivery
