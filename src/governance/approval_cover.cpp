#include <algorithm>

#include <fmt/format.h>

#include "governance/decision.h"
#include "governance/input.h"

namespace regesta::governance {

namespace {

constexpr std::string_view fixed[] = {"version", "digest", "description", "source", "tags", "run", "semver"};
/// What may come after an approval, but not change once it is there.
constexpr std::string_view growing[] = {"card", "evaluation", "fairness", "tests", "prompt_test"};

const json::value& memberOf(const json::value& object, std::string_view name) {
  static const json::value none;
  const json::value* found = object.is_object() ? object.as_object().if_contains(name) : nullptr;
  return found ? *found : none;
}

bool isAbsent(const json::value& value) {
  return value.is_null() || (value.is_bool() && !value.as_bool()) || (value.is_object() && value.as_object().empty());
}

bool same(const json::value& seen, const json::value& now) { return canonicalJson(seen) == canonicalJson(now); }

/// Every piece of evidence that was there is there.
bool keepsEvidence(const json::value& seen, const json::value& now) {
  if (!seen.is_array() || !now.is_array()) return isAbsent(seen);
  return std::ranges::all_of(seen.as_array(), [&](const json::value& wanted) {
    return std::ranges::any_of(now.as_array(), [&](const json::value& one) {
      return same(memberOf(one, "id"), memberOf(wanted, "id")) &&
             same(memberOf(one, "digest"), memberOf(wanted, "digest"));
    });
  });
}

/// Empty: nothing differs that an approval is for. Else the member that does, below `name`.
std::string changedIn(std::string_view name, const json::value& seen, const json::value& now) {
  auto below = [&](std::string_view member) { return fmt::format("{}.{}", name, member); };
  if (!seen.is_object() || !now.is_object()) return same(seen, now) ? "" : std::string(name);
  for (std::string_view member : fixed)
    if (!same(memberOf(seen, member), memberOf(now, member))) return below(member);
  for (std::string_view member : growing)
    if (!isAbsent(memberOf(seen, member)) && !same(memberOf(seen, member), memberOf(now, member))) return below(member);
  const json::value &metricsSeen = memberOf(seen, "metrics"), &metricsNow = memberOf(now, "metrics");
  if (!same(memberOf(metricsSeen, "claimed"), memberOf(metricsNow, "claimed"))) return below("metrics.claimed");
  const json::value& verified = memberOf(metricsSeen, "verified");
  if (!isAbsent(verified) && !same(verified, memberOf(metricsNow, "verified"))) return below("metrics.verified");
  return keepsEvidence(memberOf(seen, "evidence"), memberOf(now, "evidence")) ? "" : below("evidence");
}

std::string changedIn(const json::value& seen, const json::object& now) {
  auto present = [&](std::string_view name) {
    const json::value* found = now.if_contains(name);
    return found ? *found : json::value();
  };
  for (std::string_view name : {"rollout", "widening"})
    if (!same(memberOf(seen, name), present(name))) return std::string(name);
  for (std::string_view name : {"candidate", "current"})
    if (std::string member = changedIn(name, memberOf(seen, name), present(name)); !member.empty()) return member;
  return {};
}

}  // namespace

std::string changedSince(db::Transaction& transaction, std::string_view digest,
                         const std::vector<const json::object*>& now) {
  auto decision = findDecision(transaction, digest);
  if (!decision) return "the decision";
  json::value body = parseJson(decision->body);
  const json::value& seen = memberOf(body, "inputs");
  if (!seen.is_array() || seen.as_array().size() != now.size()) return "the arms or stages";
  for (std::size_t i = 0; i < now.size(); ++i)
    if (std::string member = changedIn(seen.as_array()[i], *now[i]); !member.empty()) return member;
  return {};
}

bool approvalCovers(db::Transaction& transaction, std::string_view digest,
                    const std::vector<const json::object*>& now) {
  return changedSince(transaction, digest, now).empty();
}

}  // namespace regesta::governance
