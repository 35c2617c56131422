#include "governance/requirement.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "base/json.h"
#include "base/text.h"

namespace regesta::governance {

namespace {

struct ApprovalRequirement {
  int count = 1;
  bool notAuthor = true;
  bool notRequester = false;
  std::set<std::string> after;     // roles whose approvals must all be there before
  std::vector<std::size_t> slots;  // of Matching
};
using Needs = std::map<std::string, ApprovalRequirement>;

bool flag(const json::object& object, std::string_view name, bool fallback) {
  const json::value* found = object.if_contains(name);
  return found && found->is_bool() ? found->as_bool() : fallback;
}

constexpr int mostApprovals = 50;
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

/// A role, or a list of roles. What cannot be understood is a role that nobody has, which must not make it easier.
std::set<std::string> rolesBefore(const json::value& value) {
  std::set<std::string> roles;
  auto add = [&](const json::value& one) {
    roles.insert(one.is_string() ? std::string(one.as_string()) : std::string());
  };
  if (value.is_array())
    for (const json::value& one : value.as_array()) add(one);
  else
    add(value);
  return roles;
}

int countOf(const json::object& object) {
  const json::value* found = object.if_contains("count");
  if (!found) return 1;
  if (!found->is_number()) return mostApprovals;  // what cannot be understood must not make it easier
  double count = found->to_number<double>();
  return count >= 1 && count <= mostApprovals ? static_cast<int>(count) : count < 1 ? 1 : mostApprovals;
}

const json::object* approvalsAsked(const policy::Violation& violation) {
  const json::value* asked = violation.more.if_contains("approvals");
  return asked && asked->is_object() && !memberText(asked->as_object(), "role").empty() ? &asked->as_object() : nullptr;
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

Needs approvalRequirements(const policy::Verdict& verdict) {
  Needs needs;
  for (const policy::Violation& violation : verdict.require) {
    const json::object* asked = approvalsAsked(violation);
    if (!asked) continue;
    auto [place, fresh] = needs.try_emplace(memberText(*asked, "role"));
    ApprovalRequirement& need = place->second;
    bool notAuthor = flag(*asked, "not_author", true), notRequester = flag(*asked, "not_requester", false);
    need.count = fresh ? countOf(*asked) : std::max(need.count, countOf(*asked));
    need.notAuthor = fresh ? notAuthor : need.notAuthor || notAuthor;
    need.notRequester = need.notRequester || notRequester;
    if (const json::value* after = asked->if_contains("after")) need.after.merge(rolesBefore(*after));
  }
  return needs;
}

bool holds(const Approval& approval, const std::string& role) {
  return std::ranges::find(approval.roles, role) != approval.roles.end();
}

const std::optional<registry::Version>& approvedVersion(const Facts& facts) {
  return facts.candidate ? facts.candidate : facts.current;
}

std::int64_t completedAt(const Needs& needs, const std::string& role, const Facts& facts, std::set<std::string> asked);

/// Who gave the approval, or on whose behalf it was given, if they are an author; empty: neither is.
std::string authorBehind(const Approval& approval, const Facts& facts) {
  if (facts.authors.contains(approval.actor)) return approval.actor;
  return facts.authors.contains(approval.onBehalfOf) ? approval.onBehalfOf : std::string();
}

/// Why the approval is excluded by the requirement; empty if not. `asked`: roles whose completion is being looked for.
std::optional<Exclusion> excluded(const Approval& approval, const ApprovalRequirement& need, const Needs& needs,
                                  const Facts& facts, const std::set<std::string>& asked = {}) {
  if (need.notAuthor && approvedVersion(facts) && !authorBehind(approval, facts).empty()) return Exclusion::author;
  if (need.notRequester && facts.open && approval.isBy(facts.open->requestedBy)) return Exclusion::requester;
  for (const std::string& role : need.after)
    if (completedAt(needs, role, facts, asked) >= approval.at) return Exclusion::early;
  return std::nullopt;
}

/// When the last approval was given that the role's requirement needs; `never` while one is missing, and for roles that
/// wait for each other or that no requirement names.
std::int64_t completedAt(const Needs& needs, const std::string& role, const Facts& facts, std::set<std::string> asked) {
  auto found = needs.find(role);
  if (found == needs.end() || !asked.insert(role).second) return never;
  const ApprovalRequirement& need = found->second;
  std::vector<std::int64_t> times;
  for (const Approval& approval : facts.approvals)
    if (holds(approval, role) && !excluded(approval, need, needs, facts, asked)) times.push_back(approval.at);
  std::ranges::sort(times);
  auto count = static_cast<std::size_t>(need.count);
  return times.size() < count ? never : times[count - 1];
}

std::string inWords(Exclusion why, const Approval& approval, const Facts& facts) {
  if (why == Exclusion::early)
    return fmt::format("{} cannot approve yet: another role must approve before", approval.actor);
  auto approver = [&](const std::string& who) {
    return who == approval.actor ? "cannot approve it"
                                 : fmt::format("{} cannot approve it on their behalf", approval.actor);
  };
  if (why == Exclusion::requester) {
    std::string who = facts.open ? facts.open->requestedBy : approval.actor;
    return fmt::format("{} requested this move and {}; another user must", who, approver(who));
  }
  const auto& version = approvedVersion(facts);
  std::string author = authorBehind(approval, facts);
  return fmt::format("{} is the author of version {}{} and {}; another user must", author, version->number,
                     version->createdBy == author ? "" : ", or of content that it is made of,", approver(author));
}

std::string inWords(const std::string& role, const ApprovalRequirement& need) {
  std::string words = fmt::format("{} approval{} by role {}", need.count, need.count == 1 ? "" : "s", role);
  if (need.notAuthor) words += ", not by the author";
  if (need.notRequester) words += ", not by the requester";
  if (!need.after.empty()) words += fmt::format(", after the approval by {}", fmt::join(need.after, " and "));
  return words;
}

constexpr std::string_view unknowable =
    "nothing that the server can check (approvals with a role, or an evidence type): it can never be met";

/// A member may ask for both; every part must be met.
void addRequirement(Requirement& requirement, std::string_view needs, bool met) {
  if (!requirement.needs.empty()) requirement.needs += " and ";
  requirement.needs += needs;
  requirement.met = requirement.met && met;
}

void checkApprovals(Requirement& requirement, const json::value& asked, const Needs& needs, const Matching& matching,
                    const Facts& facts) {
  auto found = needs.find(asked.is_object() ? memberText(asked.as_object(), "role") : "");
  if (found == needs.end()) return addRequirement(requirement, unknowable, false);
  requirement.role = found->first;
  std::size_t filled = 0;
  for (std::size_t slot : found->second.slots)
    if (auto giver = matching.giver(slot)) {
      requirement.by.push_back(facts.approvals[*giver].actor);
      ++filled;
    }
  addRequirement(requirement, inWords(found->first, found->second), filled == found->second.slots.size());
}

/// What a requirement demands of evidence besides its type.
struct EvidenceRequirement {
  std::string type;
  bool verified = false;
  const json::object* atLeast = nullptr;  ///< numbers that its summary must reach
  bool currentTests = false;              ///< made with the tests that the asset has now
  bool notAuthor = false;                 ///< neither it nor the tests it ran come from the version's author
  std::vector<std::string> origins;       ///< one of these; empty: any

  /// Then the newest piece alone counts: an older, better one must not outweigh it.
  bool looksInside() const { return atLeast || currentTests; }
};

bool reaches(const json::object& summary, const json::object& atLeast) {
  return std::ranges::all_of(atLeast, [&](const auto& wanted) {
    const json::value* found = summary.if_contains(wanted.key());
    return found && found->is_number() && wanted.value().is_number() &&
           found->template to_number<double>() >= wanted.value().template to_number<double>();
  });
}

/// The digest of the candidate's present tests; empty while it has none that count: a version's author may not replace
/// the tests that it must pass, and with `notAuthor` nothing that they set counts.
std::string currentTests(const Facts& facts, bool notAuthor) {
  const json::value* candidate = facts.input.if_contains("candidate");
  const json::value* found =
      candidate && candidate->is_object() ? candidate->as_object().if_contains("tests") : nullptr;
  if (!found || !found->is_object()) return {};
  const json::object& tests = found->as_object();
  if (!flag(tests, "counts", false) || (notAuthor && flag(tests, "by_author", true))) return {};
  return memberText(tests, "digest");
}

/// A string, or a list of strings; nothing for anything else.
std::optional<std::vector<std::string>> originsOf(const json::value& value) {
  std::vector<std::string> origins;
  if (value.is_string()) origins.emplace_back(value.as_string());
  if (value.is_array())
    for (const json::value& one : value.as_array())
      if (one.is_string()) origins.emplace_back(one.as_string());
  if (origins.empty() || (value.is_array() && origins.size() != value.as_array().size())) return std::nullopt;
  return origins;
}

bool hasOrigin(const Evidence& evidence, const EvidenceRequirement& need, const Facts& facts) {
  if (need.verified && !evidence.verified) return false;
  if (need.notAuthor && facts.authors.contains(evidence.createdBy)) return false;
  return need.origins.empty() || std::ranges::find(need.origins, evidence.origin) != need.origins.end();
}

bool fits(const Evidence& evidence, const EvidenceRequirement& need, const Facts& facts) {
  if (!need.looksInside()) return true;
  json::value parsed = parseJson(evidence.summary);
  const json::object& summary = parsed.as_object();
  if (need.atLeast && !reaches(summary, *need.atLeast)) return false;
  std::string digest = currentTests(facts, need.notAuthor);
  return !need.currentTests || (!digest.empty() && memberText(summary, "suite") == digest);
}

/// There are tests, and they do not count for the candidate.
bool testsAreReplaced(const Facts& facts) {
  const json::value* candidate = facts.input.if_contains("candidate");
  const json::value* tests =
      candidate && candidate->is_object() ? candidate->as_object().if_contains("tests") : nullptr;
  return tests && tests->is_object() && !flag(tests->as_object(), "counts", false);
}

std::string inWords(const EvidenceRequirement& need, const Facts& facts) {
  std::string words = fmt::format("{}evidence of type {}", need.verified ? "verified " : "", need.type);
  if (need.atLeast)
    for (const auto& member : *need.atLeast)
      words += fmt::format(", {} at least {}", std::string_view(member.key()), writeJson(member.value()));
  if (need.currentTests) words += ", with the tests as they are now";
  if (need.currentTests && testsAreReplaced(facts))
    words += " (the version's author replaced them: another user must set them)";
  if (need.notAuthor) words += ", not by the author";
  if (!need.origins.empty()) words += fmt::format(", from a {}", fmt::join(need.origins, " or "));
  return words;
}

std::string evidenceHint(const EvidenceRequirement& need) {
  if (need.type == "prompt-test") return "wait for the runner, or: regesta prompt tests run NAME@VERSION";
  if (need.verified || need.type == "fairness")
    return "regesta evidence evaluate NAME@VERSION --dataset DATASET --predictions WHERE --label COLUMN";
  return fmt::format("regesta evidence add NAME@VERSION --type {} --file FILE", need.type);
}

void checkEvidence(Requirement& requirement, const json::value& asked, const Facts& facts) {
  EvidenceRequirement need;
  if (asked.is_string()) need.type = asked.as_string();
  if (asked.is_object()) {
    const json::object& members = asked.as_object();
    need.type = memberText(members, "type");
    need.verified = flag(members, "verified", false);
    need.currentTests = flag(members, "current_tests", false);
    need.notAuthor = flag(members, "not_author", false);
    if (flag(members, "runner", false)) need.origins = {"runner"};
    if (const json::value* from = members.if_contains("origin")) {
      auto origins = originsOf(*from);
      if (!origins) need.type.clear();  // what cannot be understood must not make it easier
      if (origins) need.origins = *std::move(origins);
    }
    const json::value* atLeast = members.if_contains("at_least");
    if (atLeast && atLeast->is_object()) need.atLeast = &atLeast->as_object();
    if (atLeast && !atLeast->is_object()) need.type.clear();  // what cannot be understood must not make it easier
  }
  if (need.type.empty()) return addRequirement(requirement, unknowable, false);
  requirement.evidence = need.type;
  requirement.hint = evidenceHint(need);
  bool found = false;
  for (const Evidence& evidence : facts.evidence) {  // newest first
    if (evidence.type != need.type || !hasOrigin(evidence, need, facts)) continue;
    if (fits(evidence, need, facts)) {
      requirement.by.push_back(fmt::format("evidence/{}", evidence.id));
      found = true;
    }
    if (need.looksInside()) break;
  }
  addRequirement(requirement, inWords(need, facts), found);
}

}  // namespace

std::vector<Requirement> checkRequirements(const policy::Verdict& verdict, const Facts& facts) {
  Needs needs = approvalRequirements(verdict);
  Matching matching(facts.approvals.size());
  for (auto& [role, need] : needs)
    for (int i = 0; i < need.count; ++i) {
      std::vector<std::size_t> givers;
      for (std::size_t g = 0; g < facts.approvals.size(); ++g)
        if (holds(facts.approvals[g], role) && !excluded(facts.approvals[g], need, needs, facts)) givers.push_back(g);
      need.slots.push_back(matching.place(std::move(givers)));
    }

  std::vector<Requirement> requirements;
  for (const policy::Violation& violation : verdict.require) {
    Requirement requirement{violation.code, violation.msg, violation.remediation, "", true, {}};
    if (const json::value* asked = violation.more.if_contains("approvals"))
      checkApprovals(requirement, *asked, needs, matching, facts);
    if (const json::value* asked = violation.more.if_contains("evidence")) checkEvidence(requirement, *asked, facts);
    if (requirement.needs.empty()) addRequirement(requirement, unknowable, false);
    requirements.push_back(std::move(requirement));
  }
  return requirements;
}

std::optional<Exclusion> exclusionOf(const Approval& approval, const policy::Verdict& verdict, const Facts& facts) {
  std::optional<Exclusion> why;
  Needs needs = approvalRequirements(verdict);
  for (const auto& [role, need] : needs) {
    if (!holds(approval, role)) continue;
    why = excluded(approval, need, needs, facts);
    if (!why) return std::nullopt;
  }
  return why;
}

std::optional<std::string> whyNotCounted(const Approval& approval, const policy::Verdict& verdict, const Facts& facts) {
  auto why = exclusionOf(approval, verdict, facts);
  return why ? std::optional(inWords(*why, approval, facts)) : std::nullopt;
}

bool wouldCount(const Approval& approval, const policy::Verdict& verdict, const Facts& facts) {
  Needs needs = approvalRequirements(verdict);
  return std::ranges::any_of(needs, [&](const auto& asked) {
    return holds(approval, asked.first) && !excluded(approval, asked.second, needs, facts);
  });
}

std::vector<std::string> rolesAsked(const policy::Verdict& verdict) {
  std::vector<std::string> roles;
  for (const auto& [role, need] : approvalRequirements(verdict)) roles.push_back(role);
  return roles;
}

bool allMet(const std::vector<Requirement>& requirements) {
  return std::ranges::all_of(requirements, [](const Requirement& requirement) { return requirement.met; });
}

}  // namespace regesta::governance
