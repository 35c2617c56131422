#include "gitremote/push_aliases.h"

#include <algorithm>

#include "base/error.h"
#include "gitremote/fault.h"

namespace regesta::gitremote {
namespace {

using governance::Gate;

Gate::Move moveOf(registry::Store& store, const std::string& workspace, const RequestedAlias& wish) {
  Gate::Move move{.key = {workspace, registry::Kind::prompt, wish.name},
                  .pointer = registry::Pointer::alias(wish.alias)};
  move.reason = "pushed to " + wish.where;
  if (!wish.semver.empty())
    move.to = store.read([&](db::Transaction& transaction) {
      return registry::resolveVersion(transaction, move.key, wish.semver).number;
    });
  return move;
}

}  // namespace

void moveThroughGate(registry::Store& store, Gate& gate, const access::Identity& identity, const Push& push,
                     CheckedPush& checked) {
  for (const RequestedAlias& wish : checked.plan.requestedAliases) {
    bool fresh = std::ranges::any_of(checked.plan.versions, [&](const PlannedVersion& version) {
      return version.place.name == wish.name && version.place.semver == wish.semver;
    });
    if (fresh) continue;
    std::string fault;
    try {
      Gate::Move move = moveOf(store, push.workspace, wish);
      using Kind = Gate::Outcome::Kind;
      // A move that would be refused is attempted nevertheless, because refused attempts are recorded.
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

std::set<std::string> moveAliases(registry::Store& store, Gate& gate, const access::Identity& identity,
                                  const Push& push, const std::vector<RequestedAlias>& requestedAliases,
                                  std::vector<std::string>& lines) {
  std::set<std::string> granted;
  for (const RequestedAlias& wish : requestedAliases) {
    try {
      Gate::Move move = moveOf(store, push.workspace, wish);
      Gate::Outcome outcome = gate.move(identity, move);
      using Kind = Gate::Outcome::Kind;
      if (outcome.kind == Kind::moved)
        lines.push_back(wish.semver.empty() ? fmt::format("{}: {} is removed", wish.name, wish.alias)
                                            : fmt::format("{}: {} points to {}", wish.name, wish.alias, wish.semver));
      // A tag that undoes what was not there would record a move that never happened.
      if (wish.semver.empty() && outcome.kind != Kind::moved && outcome.kind != Kind::refused &&
          outcome.kind != Kind::pending) {
        lines.push_back(fmt::format("{}: has no alias {} to remove", wish.name, wish.alias));
        continue;
      }
      if (outcome.kind != Kind::refused && outcome.kind != Kind::pending) {
        granted.insert(wish.where);
        continue;
      }
      lines.push_back(governance::outcomeText(gate, move, outcome));
      lines.push_back(fmt::format(
          "{}: {} was not moved; {}", wish.name, wish.alias,
          wish.where.starts_with("refs/") ? "push the tag again when it has moved" : "the next fetch of main says so"));
    } catch (const Error& fault) {
      lines.push_back(fmt::format("{}: {} did not move: {}", wish.name, wish.alias, fault.message));
    }
  }
  return granted;
}

}  // namespace regesta::gitremote
