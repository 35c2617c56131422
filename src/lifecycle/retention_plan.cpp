#include "lifecycle/retention_plan.h"

#include <algorithm>

#include "base/error.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "registry/hold.h"
#include "registry/last_pointed.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"
#include "registry/search.h"
#include "registry/use.h"

namespace regesta::lifecycle {
namespace {

constexpr std::int64_t hour = 3'600'000;
constexpr std::size_t keptListed = 1000;

/// What the rules look at.
struct Candidate {
  std::int64_t id = 0, number = 0;
  std::string digest;
  std::int64_t createdAt = 0, usedAt = 0;
  bool archived = false;
  std::int64_t newer = 0;  ///< versions of the asset that are newer and not archived
  std::int64_t since(AgeOf age) const { return age == AgeOf::creation ? createdAt : std::max(createdAt, usedAt); }
};

struct Verdict {
  std::optional<RetentionAct> act;
  std::string rules;       ///< with an act
  std::int64_t since = 0;  ///< with an act
  std::string reason;      ///< without one
};

std::string ageReason(const RetentionRule& rule, const Candidate& one, std::int64_t asOf, std::int64_t after) {
  std::int64_t age = std::max<std::int64_t>(0, asOf - one.since(rule.age));
  return fmt::format("its age since {} is {}, rule {} waits for {}", ageName(rule.age),
                     ageText(age - age % (age >= 24 * hour ? 24 * hour : 60'000)), rule.label(), ageText(after));
}

/// What all matching rules with this act agree on: the most protective one decides.
Verdict agree(const std::vector<const RetentionRule*>& rules, const Candidate& one, std::int64_t asOf,
              RetentionAct act) {
  Verdict verdict;
  bool any = false;
  for (const RetentionRule* rule : rules) {
    const std::optional<std::int64_t>& after = act == RetentionAct::remove ? rule->deleteAfter : rule->archiveAfter;
    if (!after) continue;
    any = true;
    std::int64_t since = one.since(rule->age);
    if (!one.archived && one.newer < rule->keepNewest)
      return {
          .act = {},
          .rules = {},
          .since = 0,
          .reason = fmt::format("it is one of the newest {}, which rule {} keeps", rule->keepNewest, rule->label())};
    // Without an age (0) nothing waits for the clock: the moment of the plan is a full hour.
    if (*after > 0 && since + *after > asOf)
      return {.act = {}, .rules = {}, .since = 0, .reason = ageReason(*rule, one, asOf, *after)};
    verdict.rules += (verdict.rules.empty() ? "" : ", ") + rule->label();
    verdict.since = std::max(verdict.since, since);
  }
  if (any)
    verdict.act = act;
  else
    verdict.reason = fmt::format("no rule says to {} it", actName(act));
  return verdict;
}

Verdict verdictOn(const std::vector<const RetentionRule*>& rules, const Candidate& one, std::int64_t asOf) {
  Verdict removal = agree(rules, one, asOf, RetentionAct::remove);
  if (removal.act) return removal;
  if (one.archived) return {.act = {}, .rules = {}, .since = 0, .reason = "archived; " + removal.reason};
  Verdict archiving = agree(rules, one, asOf, RetentionAct::archive);
  bool deletes = std::ranges::any_of(rules, [](const RetentionRule* rule) { return rule->deleteAfter.has_value(); });
  return archiving.act || !deletes ? archiving : removal;
}

std::string joined(const std::vector<governance::Cited>& all) {
  std::string text = all.front().text;
  if (all.size() > 1) text += fmt::format(" and {} more", all.size() - 1);
  return text;
}

/// Why a version stays although the rules would archive or delete it: what uses, holds or cites it.
class Keeper {
 public:
  explicit Keeper(db::Transaction& transaction) : transaction_(transaction) {}

  std::string reason(const registry::Version& version, RetentionAct act) {
    if (auto holds = registry::holdsOn(transaction_, version); !holds.empty())
      return fmt::format("legal hold {} on {}", holds.front().id, holds.front().target());
    for (const registry::Pointer& pointer : registry::pointersTo(transaction_, version))
      if (pointer != registry::Pointer::stage("Archived") ||
          registry::isProtected(transaction_, version.asset.key, pointer))
        return fmt::format("'{}' points to it", pointer);
    for (const registry::Rollout& rollout : registry::activeRollouts(transaction_, version.asset))
      if (rollout.serves(version.number)) return fmt::format("rollout {} on '{}' serves it", rollout.id, rollout.alias);
    if (auto users = registry::usersOf(transaction_, version); !users.empty())
      return fmt::format("{} includes it", users.front());
    if (act == RetentionAct::archive) return {};
    governance::Citations cited = governance::citationsOf(transaction_, version, decided_);
    if (!cited.holds.empty()) return fmt::format("legal hold {} on what was made from it", cited.holds.front().id);
    if (!cited.pointers.empty()) return fmt::format("{} rests on it", joined(cited.pointers));
    if (!cited.records.empty()) return fmt::format("cited by {}", joined(cited.records));
    return {};
  }

 private:
  db::Transaction& transaction_;
  governance::DecidedVersions decided_;
};

bool needsUse(const std::vector<const RetentionRule*>& rules) {
  return std::ranges::any_of(rules, [](const RetentionRule* rule) { return rule->age == AgeOf::use; });
}

/// When quality was last reported about each version.
std::map<std::int64_t, std::int64_t> lastReported(db::Transaction& transaction, std::int64_t asset) {
  std::map<std::int64_t, std::int64_t> last;
  db::Rows rows = transaction.query("SELECT number, MAX(at) FROM report WHERE asset = $1 GROUP BY number", {asset});
  while (rows.next()) last[rows.integer(0)] = rows.integer(1);
  return last;
}

std::vector<Candidate> candidatesOf(db::Transaction& transaction, const registry::Asset& asset, bool withUse) {
  std::vector<Candidate> all;
  {
    db::Rows rows = transaction.query(
        "SELECT id, number, digest, created_at, archived_at FROM version WHERE asset = $1 AND deleted = 0 "
        "ORDER BY number DESC",
        {asset.id});
    std::int64_t newer = 0;
    while (rows.next()) {
      all.push_back({rows.integer(0), rows.integer(1), rows.text(2), rows.integer(3), 0, rows.integer(4) != 0, newer});
      newer += all.back().archived ? 0 : 1;
    }
  }
  if (!withUse) return all;
  auto pointed = registry::lastPointed(transaction, asset.key), reported = lastReported(transaction, asset.id);
  for (Candidate& one : all)
    for (const auto* times : {&pointed, &reported})
      if (auto found = times->find(one.number); found != times->end()) one.usedAt = std::max(one.usedAt, found->second);
  return all;
}

std::vector<const RetentionRule*> matching(const std::vector<RetentionRule>& rules, const registry::AssetKey& key) {
  std::vector<const RetentionRule*> found;
  for (const RetentionRule& rule : rules)
    if (rule.covers(key)) found.push_back(&rule);
  return found;
}

std::int64_t bytesOf(db::Transaction& transaction, std::int64_t version) {
  db::Rows rows = transaction.query(
      "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM version_file WHERE version = $1", {version});
  rows.next();
  return rows.integer(0);
}

class Planning {
 public:
  Planning(db::Transaction& transaction, std::int64_t asOf, std::size_t limit)
      : transaction_(transaction), keeper_(transaction), limit_(limit) {
    plan_.asOf = asOf;
  }

  void asset(const registry::Asset& asset, const std::vector<const RetentionRule*>& rules) {
    for (const Candidate& one : candidatesOf(transaction_, asset, needsUse(rules))) {
      Verdict verdict = verdictOn(rules, one, plan_.asOf);
      if (!verdict.act) {
        keep(asset, one, std::move(verdict.reason));
        continue;
      }
      auto version = registry::findVersionById(transaction_, one.id);
      if (!version) continue;
      if (std::string reason = keeper_.reason(*version, *verdict.act); !reason.empty()) {
        keep(asset, one, std::move(reason));
        continue;
      }
      if (plan_.items.size() == limit_) {
        plan_.more = true;
        return;
      }
      plan_.items.push_back({*verdict.act, one.id, asset.key, one.number, one.digest, std::move(verdict.rules),
                             one.createdAt, verdict.since, bytesOf(transaction_, one.id)});
    }
  }
  bool full() const { return plan_.more; }

  RetentionPlan take() {
    json::array items;
    for (const PlannedItem& item : plan_.items)
      items.push_back(json::array{actName(item.act), item.version, item.subject(), item.digest, item.rules});
    plan_.digest = crypto::sha256Hex(canonicalJson(items));
    return std::move(plan_);
  }

 private:
  void keep(const registry::Asset& asset, const Candidate& one, std::string reason) {
    if (plan_.kept.size() < keptListed)
      plan_.kept.push_back({fmt::format("{}@{}", asset.key.subject(), one.number), std::move(reason)});
    else
      ++plan_.keptMore;
  }

  db::Transaction& transaction_;
  Keeper keeper_;
  std::size_t limit_;
  RetentionPlan plan_;
};

}  // namespace

std::string_view actName(RetentionAct act) { return act == RetentionAct::archive ? "archive" : "delete"; }

std::string PlannedItem::subject() const { return fmt::format("{}@{}", key.subject(), number); }

std::int64_t planMoment(std::int64_t now) { return now - now % hour; }

RetentionPlan planRetention(db::Transaction& transaction, std::string_view workspace, std::int64_t asOf,
                            std::size_t limit) {
  constexpr std::size_t page = 500;
  Planning planning(transaction, asOf, limit);
  std::vector<RetentionRule> rules = listRules(transaction, workspace);
  if (rules.empty()) return planning.take();
  for (registry::Kind kind :
       {registry::Kind::artifact, registry::Kind::dataset, registry::Kind::model, registry::Kind::prompt})
    for (std::string after; !planning.full();) {
      std::vector<registry::Asset> assets = registry::listAssets(transaction, workspace, kind, after, page);
      for (const registry::Asset& asset : assets) {
        after = asset.key.name;
        auto matched = matching(rules, asset.key);
        if (!matched.empty()) planning.asset(asset, matched);
        if (planning.full()) break;
      }
      if (assets.size() < page) break;
    }
  return planning.take();
}

std::string reasonToKeep(db::Transaction& transaction, const PlannedItem& item, std::int64_t asOf) {
  auto version = registry::findVersionById(transaction, item.version);
  if (!version) return "it is gone";
  if (version->digest != item.digest) return "it is another version now";
  const registry::Asset& asset = version->asset;
  std::vector<RetentionRule> rules = listRules(transaction, asset.key.workspace);
  auto matched = matching(rules, asset.key);
  std::vector<Candidate> all = candidatesOf(transaction, asset, needsUse(matched));
  auto one = std::ranges::find(all, item.version, &Candidate::id);
  if (one == all.end()) return "it is gone";
  Verdict verdict = verdictOn(matched, *one, asOf);
  if (!verdict.act) return verdict.reason;
  if (*verdict.act != item.act || verdict.rules != item.rules) return "the rules have changed";
  return Keeper(transaction).reason(*version, item.act);
}

std::string reasonToStay(db::Transaction& transaction, const registry::Version& version, RetentionAct act) {
  return Keeper(transaction).reason(version, act);
}

std::optional<std::int64_t> ageAtDeletion(db::Transaction& transaction, const registry::AssetKey& key) {
  std::optional<std::int64_t> longest;
  for (const RetentionRule& rule : listRules(transaction, key.workspace)) {
    if (!rule.covers(key) || !rule.deleteAfter) continue;
    if (rule.keepNewest > 0 || rule.age == AgeOf::use) return std::nullopt;
    longest = std::max(longest.value_or(0), *rule.deleteAfter);
  }
  return longest;
}

json::value itemsJson(const std::vector<PlannedItem>& items) {
  json::array all;
  for (const PlannedItem& item : items)
    all.push_back(json::object{{"act", actName(item.act)},
                               {"version", item.version},
                               {"kind", registry::kindName(item.key.kind)},
                               {"name", item.key.name},
                               {"number", item.number},
                               {"digest", item.digest},
                               {"rules", item.rules}});
  return all;
}

std::vector<PlannedItem> itemsOf(std::string_view text, std::string_view workspace) {
  std::vector<PlannedItem> items;
  json::value parsed = parseJson(text);
  for (const json::value& value : parsed.as_array()) {
    const json::object& one = value.as_object();
    PlannedItem item;
    item.act = memberText(one, "act") == "archive" ? RetentionAct::archive : RetentionAct::remove;
    item.version = memberInteger(one, "version");
    item.key = {std::string(workspace), registry::parseKind(memberText(one, "kind")).value_or(registry::Kind::artifact),
                memberText(one, "name")};
    item.number = memberInteger(one, "number");
    item.digest = memberText(one, "digest");
    item.rules = memberText(one, "rules");
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace regesta::lifecycle
