#include "governance/requirement.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace regesta::governance {

namespace {

struct ApprovalNeed {
  int count = 1;
  bool notAuthor = true;
  bool notRequester = false;
  std::vector<std::size_t> slots;  // of Matching
};

const json::value* memberOf(const json::object& object, std::string_view name) { return object.if_contains(name); }

bool flag(const json::object& object, std::string_view name, bool fallback) {
  const json::value* found = memberOf(object, name);
  return found && found->is_bool() ? found->as_bool() : fallback;
}

std::string text(const json::object& object, std::string_view name) {
  const json::value* found = memberOf(object, name);
  return found && found->is_string() ? std::string(found->as_string()) : std::string();
}

constexpr int mostApprovals = 50;

int countOf(const json::object& object) {
  const json::value* found = memberOf(object, "count");
  if (!found) return 1;
  if (!found->is_number()) return mostApprovals;  // what cannot be understood must not make it easier
  double count = found->to_number<double>();
  return count >= 1 && count <= mostApprovals ? static_cast<int>(count) : count < 1 ? 1 : mostApprovals;
}

const json::object* approvalsAsked(const policy::Finding& finding) {
  const json::value* asked = memberOf(finding.more, "approvals");
  return asked && asked->is_object() && !text(asked->as_object(), "role").empty() ? &asked->as_object() : nullptr;
}

/// Gives every approval to at most one place that asks for it, so that as many places as possible are filled.
class Matching {
 public:
  explicit Matching(std::size_t givers) : placeOf_(givers) {}
  /// A place that `givers` may fill. Returns its number.
  std::size_t place(std::vector<std::size_t> givers) {
    wanted_.push_back(std::move(givers));
    std::vector<bool> seen(placeOf_.size());
    fill(wanted_.size() - 1, seen);
    return wanted_.size() - 1;
  }
  std::optional<std::size_t> giver(std::size_t place) const {
    auto found = std::ranges::find(placeOf_, std::optional(place));
    if (found == placeOf_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - placeOf_.begin());
  }

 private:
  bool fill(std::size_t place, std::vector<bool>& seen) {
    for (std::size_t giver : wanted_[place]) {
      if (seen[giver]) continue;
      seen[giver] = true;
      if (placeOf_[giver] && !fill(*placeOf_[giver], seen)) continue;
      placeOf_[giver] = place;
      return true;
    }
    return false;
  }
  std::vector<std::vector<std::size_t>> wanted_;
  std::vector<std::optional<std::size_t>> placeOf_;
};

std::map<std::string, ApprovalNeed> approvalNeeds(const policy::Verdict& verdict) {
  std::map<std::string, ApprovalNeed> needs;
  for (const policy::Finding& finding : verdict.require) {
    const json::object* asked = approvalsAsked(finding);
    if (!asked) continue;
    auto [place, fresh] = needs.try_emplace(text(*asked, "role"));
    ApprovalNeed& need = place->second;
    bool notAuthor = flag(*asked, "not_author", true), notRequester = flag(*asked, "not_requester", false);
    need.count = fresh ? countOf(*asked) : std::max(need.count, countOf(*asked));
    need.notAuthor = fresh ? notAuthor : need.notAuthor || notAuthor;
    need.notRequester = need.notRequester || notRequester;
  }
  return needs;
}

bool counts(const Approval& approval, const std::string& role, const ApprovalNeed& need, const Facts& facts) {
  if (std::ranges::find(approval.roles, role) == approval.roles.end()) return false;
  // Removing a pointer has no candidate: its author is then the author of what is taken away.
  const auto& version = facts.candidate ? facts.candidate : facts.current;
  if (need.notAuthor && version && version->createdBy == approval.actor) return false;
  return !(need.notRequester && facts.open && facts.open->requestedBy == approval.actor);
}

std::string inWords(const std::string& role, const ApprovalNeed& need) {
  std::string words = fmt::format("{} approval{} by role {}", need.count, need.count == 1 ? "" : "s", role);
  if (need.notAuthor) words += ", not by the author";
  if (need.notRequester) words += ", not by the requester";
  return words;
}

constexpr std::string_view unknowable =
    "nothing that the server can check (approvals with a role, or an evidence type): it can never be met";

/// A member may ask for both; every part must be met.
void addNeed(Requirement& requirement, std::string_view needs, bool met) {
  if (!requirement.needs.empty()) requirement.needs += " and ";
  requirement.needs += needs;
  requirement.met = requirement.met && met;
}

void checkApprovals(Requirement& requirement, const json::value& asked,
                    const std::map<std::string, ApprovalNeed>& needs, const Matching& matching, const Facts& facts) {
  auto found = needs.find(asked.is_object() ? text(asked.as_object(), "role") : "");
  if (found == needs.end()) return addNeed(requirement, unknowable, false);
  std::size_t filled = 0;
  for (std::size_t slot : found->second.slots)
    if (auto giver = matching.giver(slot)) {
      requirement.by.push_back(facts.approvals[*giver].actor);
      ++filled;
    }
  addNeed(requirement, inWords(found->first, found->second), filled == found->second.slots.size());
}

void checkEvidence(Requirement& requirement, const json::value& asked, const Facts& facts) {
  std::string type = asked.is_string()   ? std::string(asked.as_string())
                     : asked.is_object() ? text(asked.as_object(), "type")
                                         : "";
  if (type.empty()) return addNeed(requirement, unknowable, false);
  bool verified = asked.is_object() && flag(asked.as_object(), "verified", false);
  bool found = false;
  for (const Evidence& evidence : facts.evidence)
    if (evidence.type == type && (evidence.verified || !verified)) {
      requirement.by.push_back(fmt::format("evidence/{}", evidence.id));
      found = true;
    }
  addNeed(requirement, fmt::format("{}evidence of type {}", verified ? "verified " : "", type), found);
}

}  // namespace

std::vector<Requirement> checkRequirements(const policy::Verdict& verdict, const Facts& facts) {
  std::map<std::string, ApprovalNeed> needs = approvalNeeds(verdict);
  Matching matching(facts.approvals.size());
  for (auto& [role, need] : needs)
    for (int i = 0; i < need.count; ++i) {
      std::vector<std::size_t> givers;
      for (std::size_t g = 0; g < facts.approvals.size(); ++g)
        if (counts(facts.approvals[g], role, need, facts)) givers.push_back(g);
      need.slots.push_back(matching.place(std::move(givers)));
    }

  std::vector<Requirement> requirements;
  for (const policy::Finding& finding : verdict.require) {
    Requirement requirement{finding.code, finding.msg, finding.cure, "", true, {}};
    if (const json::value* asked = memberOf(finding.more, "approvals"))
      checkApprovals(requirement, *asked, needs, matching, facts);
    if (const json::value* asked = memberOf(finding.more, "evidence")) checkEvidence(requirement, *asked, facts);
    if (requirement.needs.empty()) addNeed(requirement, unknowable, false);
    requirements.push_back(std::move(requirement));
  }
  return requirements;
}

bool allMet(const std::vector<Requirement>& requirements) {
  return std::ranges::all_of(requirements, [](const Requirement& requirement) { return requirement.met; });
}

}  // namespace regesta::governance
