#include "governance/move_check.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "governance/widening.h"
#include "registry/pointer.h"

namespace regesta::governance {

namespace {

using registry::Action;

constexpr std::string_view stagePrefix = "stage:";

bool movesPointer(Action action) {
  return action == Action::aliasMoved || action == Action::aliasRemoved || action == Action::stageEntered;
}

std::string placeOf(std::string_view workspace, std::string_view subject) {
  return fmt::format("{}\n{}", workspace, subject);
}

std::string assetOf(const std::string& subject, const std::string& pointer) {
  return subject.substr(0, subject.rfind("#" + pointer));
}

/// "policy/fair" and 2 of "policy/fair@2"; version 0: it names none.
BoundPolicies::Policy parsePolicy(const std::string& text) {
  std::size_t at = text.starts_with("policy/") ? text.rfind('@') : std::string::npos;
  if (at == std::string::npos) return {text, 0};
  return {text.substr(0, at), parseInteger(std::string_view(text).substr(at + 1)).value_or(0)};
}

/// Is one of the decision's inputs about this version? A removal has no candidate.
bool isAbout(const json::object& decision, std::int64_t to) {
  const json::value* inputs = decision.if_contains("inputs");
  if (!inputs || !inputs->is_array()) return false;
  return std::ranges::any_of(inputs->as_array(), [&](const json::value& input) {
    const json::value* candidate = input.is_object() ? input.as_object().if_contains("candidate") : nullptr;
    if (!candidate) return false;
    if (to == 0) return candidate->is_null();
    return candidate->is_object() && memberInteger(candidate->as_object(), "version") == to;
  });
}

}  // namespace

/// What is wrong with the decision; empty: it allows the move.
std::string MoveCheck::faultOf(db::Transaction& transaction, const Move& move) const {
  const std::string& digest = move.decision;
  if (digest.empty()) return "cites no decision";
  auto rows = transaction.query("SELECT body FROM decision WHERE digest = $1", {digest});
  if (!rows.next()) return fmt::format("cites decision {}, which is not stored", digest);
  if (crypto::sha256Hex(rows.view(0)) != digest)
    return fmt::format("cites decision {}, whose body has another digest", digest);
  auto body = parseEntry(rows.view(0));
  if (!body || memberText(*body, "result") != "allowed")
    return fmt::format("cites decision {}, which did not allow it", digest);
  if (!memberText(*body, "pointer").ends_with(fmt::format("#{}", move.pointer)))
    return fmt::format("cites decision {}, which is about {}", digest, memberText(*body, "pointer"));
  if ((move.to != 0 || move.action == Action::aliasRemoved) && !isAbout(*body, move.to))
    return fmt::format("cites decision {}, which is about another version", digest);
  if (!decidesShare(*body, move.share))
    return fmt::format("cites decision {}, which is about a smaller share of the callers", digest);
  if (std::string why = faultOfPolicies(*body, move); !why.empty())
    return fmt::format("cites decision {}, which {}", digest, why);
  if (std::string why = facts_.faultOfResult(*body, digest, move.workspace, move.facts); !why.empty())
    return fmt::format("cites decision {}, which allowed it although {}", digest, why);
  std::string fault = facts_.faultOf(*body, digest, move.workspace, *move.versions, move.facts);
  return fault.empty() ? "" : fmt::format("cites decision {}, which saw {}", digest, fault);
}

std::string MoveCheck::faultOfPolicies(const json::object& decision, const Move& move) const {
  std::set<std::string> asked;
  std::vector<BoundPolicies::Policy> versions;
  auto made = decided_.find(move.decision);
  if (made != decided_.end())
    versions = made->second->on(move.workspace, assetOf(move.subject, move.pointer), move.pointer);
  for (const json::value& item : memberArray(decision, "evaluations")) {
    if (!item.is_object()) continue;
    BoundPolicies::Policy policy = parsePolicy(memberText(item.get_object(), "policy"));
    for (const BoundPolicies::Policy& bound : versions)
      if (bound.subject == policy.subject && bound.version != 0 && policy.version != 0 &&
          bound.version != policy.version)
        return fmt::format("asked {}@{} instead of version {}", policy.subject, policy.version, bound.version);
    asked.insert(std::move(policy.subject));
  }
  for (const BoundPolicies::Policy& bound : move.policies)
    if (!asked.contains(bound.subject)) return fmt::format("did not ask {}", bound.subject);
  return {};
}

void MoveCheck::takePolicies(Action action, const json::object& entry) {
  bool binds = action == Action::policyBound || action == Action::policyUnbound;
  if (!binds && !memberText(entry, "subject").starts_with("policy/")) return;
  if (policies_.use_count() > 1) policies_ = std::make_shared<BoundPolicies>(*policies_);
  policies_->take(action, entry);
}

void MoveCheck::expect(Move move) {
  std::string asset = assetOf(move.subject, move.pointer);
  move.policies = policies_->on(move.workspace, asset, move.pointer);
  if (move.policies.empty()) return;
  move.versions = facts_.versionsOf(move.workspace, asset);
  move.facts = facts_.count();
  moves_.push_back(std::move(move));
}

/// A rollout's own entries name its decision only when it is another one.
void MoveCheck::takeRollout(Action action, const json::object& entry, Move move) {
  const json::object& data = memberObject(entry, "data");
  Rollout& rollout = rollouts_[placeOf(move.workspace, std::to_string(memberInteger(data, "rollout")))];
  if (action == Action::rolloutStarted) rollout.stable = memberInteger(data, "stable");
  if (!move.decision.empty()) rollout.decision = move.decision;
  move.decision = rollout.decision;
  move.to = 0;
  move.share = memberInteger(data, "share");
  if (action == Action::rolloutKilled) {
    std::int64_t forced = memberInteger(data, "forced");
    if (forced == 0 || forced == rollout.stable) return;
    move.to = forced;
    move.share = everybody;
  }
  bool widens = action == Action::rolloutStarted || action == Action::rolloutStepped ||
                action == Action::rolloutResumed || action == Action::rolloutKilled;
  if (widens) expect(std::move(move));
}

/// Under its new name, an asset needs a decision for each pointer that the name brings under a policy: entries that
/// follow at once.
void MoveCheck::takeRename(const json::object& entry, const Move& move) {
  std::size_t slash = std::min(move.subject.find('/') + 1, move.subject.size());
  std::string from = move.subject.substr(0, slash) + memberText(memberObject(entry, "data"), "from");
  auto moved = held_.extract(placeOf(move.workspace, from));
  if (!moved) return;
  const Held& held = held_[placeOf(move.workspace, move.subject)] = std::move(moved.mapped());
  for (const auto& [pointer, number] : held) {
    Move confirmation = move;
    confirmation.pointer = pointer;
    confirmation.subject = fmt::format("{}#{}", move.subject, pointer);
    confirmation.to = number;
    renamed_[{confirmation.subject, number}] = std::move(confirmation);
  }
}

void MoveCheck::takeHeld(Action action, const Move& move, const json::object& data) {
  Held& held = held_[placeOf(move.workspace, assetOf(move.subject, move.pointer))];
  auto leaveStage = [&](std::int64_t number) {
    std::erase_if(held, [&](const auto& one) { return one.second == number && one.first.starts_with(stagePrefix); });
  };
  if (action == Action::aliasMoved || action == Action::aliasRemoved)
    std::erase_if(held, [&](const auto& one) { return one.first == move.pointer; });
  if (action == Action::stageLeft) leaveStage(memberInteger(data, "from"));
  if (action == Action::stageEntered) {
    leaveStage(move.to);
    for (const json::value& number : memberArray(data, "archived"))
      if (number.is_int64()) leaveStage(number.get_int64());
  }
  if (action == Action::aliasMoved || action == Action::stageEntered) held.emplace(move.pointer, move.to);
}

void MoveCheck::take(std::int64_t index, const json::object& entry) {
  auto action = registry::parseAction(memberText(entry, "action"));
  facts_.take(entry);
  if (!action) return;
  const json::object& data = memberObject(entry, "data");
  Move move{index,
            *action,
            memberText(entry, "subject"),
            memberText(data, "pointer"),
            memberText(data, "decision"),
            memberInteger(data, "to"),
            0,
            memberText(entry, "workspace")};
  if (!move.decision.empty()) decided_.try_emplace(move.decision, policies_);
  if (action != Action::stateRecorded) confirm(move);
  takePolicies(*action, entry);
  if (registry::isRolloutAction(*action)) {
    takeRollout(*action, entry, std::move(move));
  } else if (action == Action::assetRenamed) {
    takeRename(entry, move);
  } else if (action == Action::incidentOpened || action == Action::incidentClosed) {
    takeIncident(*action, move, data);
  } else if (action == Action::assetDeleted) {
    held_.erase(placeOf(move.workspace, move.subject));
  } else if (movesPointer(*action) || action == Action::stageLeft) {
    forbid(move, memberInteger(data, "from"));
    takeHeld(*action, move, data);
    move.share = action == Action::aliasMoved ? everybody : 0;
    if (movesPointer(*action)) expect(std::move(move));
  }
}

void MoveCheck::takeIncident(Action action, const Move& move, const json::object& data) {
  std::string place = placeOf(move.workspace, move.subject);
  if (action == Action::incidentClosed) {
    if (memberText(data, "status") == "dismissed") incidents_.erase(place);
    return;
  }
  incidents_[place] = {facts_.versionsOf(move.workspace, memberText(data, "asset")), memberInteger(data, "version"),
                       memberText(data, "version_digest"), move.subject};
}

/// A move to a version that an incident kept from every alias and stage.
void MoveCheck::forbid(const Move& move, std::int64_t from) {
  bool enters = move.action == Action::aliasMoved ||
                (move.action == Action::stageEntered && move.pointer != registry::Pointer::stage("Archived").text());
  if (!enters || from == move.to) return;  // a new name confirms what is there
  auto versions = facts_.versionsOf(move.workspace, assetOf(move.subject, move.pointer));
  auto version = versions->find(move.to);
  if (version == versions->end()) return;
  for (const auto& [place, incident] : incidents_)
    if (incident.versions == versions && (incident.number == move.to || incident.digest == version->second.digest))
      broken_.push_back(
          {move.index, move.subject,
           fmt::format("{} of {} ({}), although {} forbade it: the server did not find the incident's row",
                       registry::nameOf(move.action), move.subject, entryWords(move.index), incident.subject)});
}

/// The entry is about what a rename left to confirm, or whatever is left stays without a decision.
void MoveCheck::confirm(const Move& move) {
  if (renamed_.empty()) return;
  bool confirms = move.action == Action::aliasMoved || move.action == Action::stageEntered;
  if (confirms && renamed_.erase({move.subject, move.to}) > 0) return;
  for (auto& [place, missing] : renamed_) expect(std::move(missing));
  renamed_.clear();
}

void MoveCheck::compare(db::Transaction& transaction, Comparison& found, std::size_t limit) {
  confirm({});
  for (const Difference& difference : broken_) found.add(difference, limit);
  for (const Move& move : moves_) {
    ++found.compared;
    std::string fault = faultOf(transaction, move);
    if (fault.empty()) continue;
    bool known = !move.decision.empty() && std::ranges::any_of(found.differences, [&](const Difference& difference) {
      return difference.what.find(move.decision) != std::string::npos;
    });
    if (known) continue;
    found.add(
        {move.index, move.subject,
         fmt::format("{} of {} ({}) {}", registry::nameOf(move.action), move.subject, entryWords(move.index), fault)},
        limit);
  }
}

}  // namespace regesta::governance
