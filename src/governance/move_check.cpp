#include "governance/move_check.h"

#include <algorithm>

#include "base/json.h"
#include "base/name_pattern.h"
#include "crypto/hash.h"

namespace regesta::governance {

namespace {

using registry::Action;

bool needsDecision(Action action) {
  return action == Action::aliasMoved || action == Action::aliasRemoved || action == Action::stageEntered ||
         action == Action::rolloutStarted;
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
  if (move.action != Action::rolloutStarted && !isAbout(*body, move.to))
    return fmt::format("cites decision {}, which is about another version", digest);
  if (std::string why = facts_.faultOfResult(*body, digest, move.workspace, move.facts); !why.empty())
    return fmt::format("cites decision {}, which allowed it although {}", digest, why);
  std::string fault = facts_.faultOf(*body, digest, move.workspace, *move.versions, move.facts);
  return fault.empty() ? "" : fmt::format("cites decision {}, which saw {}", digest, fault);
}

bool MoveCheck::isBound(const std::string& workspace, const std::string& subject, const std::string& pointer) const {
  std::string asset = subject.substr(0, subject.rfind("#" + pointer));
  std::size_t slash = asset.find('/');
  if (slash == std::string::npos) return false;
  std::string_view kind = std::string_view(asset).substr(0, slash), name = std::string_view(asset).substr(slash + 1);
  return std::ranges::any_of(bindings_, [&](const auto& one) {
    const Binding& binding = one.second;
    return binding.pointer == pointer &&
           AssetPattern{binding.workspace, binding.kind, binding.namePattern}.covers(workspace, kind, name);
  });
}

void MoveCheck::take(std::int64_t index, const json::object& entry) {
  auto action = registry::parseAction(memberText(entry, "action"));
  std::string workspace = memberText(entry, "workspace");
  facts_.take(entry);
  if (!action) return;
  const json::value* data = entry.if_contains("data");
  if (!data || !data->is_object()) return;
  const json::object& members = data->as_object();
  if (action == Action::policyBound)
    bindings_[memberInteger(members, "binding")] = {
        workspace, memberText(members, "kind"), memberText(members, "name_pattern"), memberText(members, "pointer")};
  if (action == Action::policyUnbound) bindings_.erase(memberInteger(members, "binding"));
  if (!needsDecision(*action)) return;
  std::string subject = memberText(entry, "subject"), pointer = memberText(members, "pointer");
  if (!isBound(workspace, subject, pointer)) return;
  auto versions = facts_.versionsOf(workspace, subject.substr(0, subject.rfind("#" + pointer)));
  moves_.push_back({index, *action, std::move(subject), std::move(pointer), memberText(members, "decision"),
                    memberInteger(members, "to"), std::move(workspace), std::move(versions), facts_.count()});
}

void MoveCheck::compare(db::Transaction& transaction, Comparison& found, std::size_t limit) const {
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
