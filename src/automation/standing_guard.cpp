#include "automation/standing_guard.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "db/columns.h"
#include "registry/pointer.h"

namespace regesta::automation {
namespace {

constexpr std::size_t guardsOfAsset = 20;

constexpr std::string_view guardColumns =
    "SELECT g.id, g.asset, g.alias, g.name, g.body, g.set_at, g.set_by, g.acted_number, g.acted_at, g.outcome, "
    "g.state, "
    "g.why, g.checked_at FROM standing_guard g ";

std::vector<StandingGuard> readAll(db::Transaction& transaction, db::Rows rows) {
  constexpr db::Columns at(guardColumns);
  std::vector<StandingGuard> guards;
  while (rows.next()) {
    StandingGuard guard;
    guard.id = rows.integer(at["id"]);
    guard.asset.id = rows.integer(at["asset"]);
    guard.alias = rows.text(at["alias"]);
    guard.name = rows.text(at["name"]);
    guard.body = rows.text(at["body"]);
    guard.rule = readGuard(parseJson(guard.body).as_object());
    guard.setAt = rows.integer(at["set_at"]);
    guard.setBy = rows.text(at["set_by"]);
    guard.actedNumber = rows.integer(at["acted_number"]);
    guard.actedAt = rows.integer(at["acted_at"]);
    guard.outcome = rows.text(at["outcome"]);
    guard.state = rows.text(at["state"]);
    guard.why = rows.text(at["why"]);
    guard.checkedAt = rows.integer(at["checked_at"]);
    guards.push_back(std::move(guard));
  }
  std::vector<StandingGuard> present;
  for (StandingGuard& guard : guards)
    if (auto asset = registry::findAssetById(transaction, guard.asset.id)) {
      guard.asset = *asset;
      present.push_back(std::move(guard));
    }
  return present;
}

std::optional<double> realOf(const json::object& body, std::string_view name) {
  const json::value* found = body.if_contains(name);
  if (!found || found->is_null()) return std::nullopt;
  double number = found->is_number() ? found->to_number<double>() : std::nan("");
  if (!std::isfinite(number)) throw Invalid(std::string(name), "must be a number");
  return number;
}

std::int64_t countOf(const json::object& body, std::string_view name, std::int64_t fallback, std::int64_t least,
                     std::int64_t most) {
  const json::value* found = body.if_contains(name);
  if (!found || found->is_null()) return fallback;
  std::int64_t number = found->is_int64() ? found->get_int64() : least - 1;
  if (number < least || number > most)
    throw Invalid(std::string(name), fmt::format("must be a number from {} to {}", least, most));
  return number;
}

std::string wordOf(const json::object& body, std::string_view name, std::initializer_list<std::string_view> words) {
  std::string word = memberText(body, name);
  if (word.empty()) return std::string(*words.begin());
  if (std::ranges::find(words, word) == words.end())
    throw Invalid(std::string(name), fmt::format("must be {} or {}", *words.begin(), *(words.end() - 1)));
  return word;
}

/// A guard that protects others must not go because a contributor wants to.
void requireOwner(const access::Identity& identity, const StandingGuard& guard) {
  if (identity.actor.name == guard.setBy) return;
  identity.require(access::Verb::administer, guard.asset.key.workspace, guard.asset.key.name);
}

json::object entryData(const StandingGuard& guard) {
  return {{"pointer", guard.alias},
          {"asset", guard.asset.key.subject()},
          {"guard", guard.name},
          {"rule", parseJson(guard.body)}};
}

std::string subjectOf(const StandingGuard& guard) { return fmt::format("standing-guard/{}", guard.id); }

}  // namespace

GuardRule readGuard(const json::object& body) {
  for (const auto& member : body) {
    constexpr std::string_view known[] = {"metric",      "direction",    "threshold", "margin",
                                          "min_reports", "window_hours", "on_breach"};
    if (std::ranges::find(known, std::string_view(member.key())) == std::end(known))
      throw Invalid(std::string(member.key()), "is not a member of a standing guard");
  }
  GuardRule rule;
  rule.metric = memberText(body, "metric");
  if (rule.metric.empty() || rule.metric.size() > 250 || !isUtf8(rule.metric))
    throw Invalid("metric", "is required: 1 to 250 bytes");
  rule.higherIsBetter = wordOf(body, "direction", {"higher", "lower"}) == "higher";
  rule.threshold = realOf(body, "threshold");
  rule.margin = realOf(body, "margin");
  if (rule.margin && *rule.margin < 0) throw Invalid("margin", "must be 0 or more");
  if (!rule.threshold && !rule.margin)
    throw Invalid("threshold",
                  "is required (how good the version must be) unless 'margin' is given (how much worse it may be)");
  rule.minReports = countOf(body, "min_reports", 30, 2, 1'000'000);
  rule.windowHours = countOf(body, "window_hours", 24 * 7, 0, 24 * 365);
  rule.rollback = wordOf(body, "on_breach", {"alert", "rollback"}) == "rollback";
  return rule;
}

StandingGuard setGuard(registry::Change& change, const access::Identity& identity, const registry::Asset& asset,
                       std::string_view alias, std::string_view name, const json::object& body) {
  const registry::AssetKey& key = asset.key;
  if (key.kind != registry::Kind::prompt && key.kind != registry::Kind::model)
    throw Invalid("kind", "must be prompt or model");
  identity.require(access::Verb::write, key.workspace, key.name);
  registry::checkAlias(alias);
  bool plain = !name.empty() && name.size() <= 100 &&
               name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == name.npos;
  if (!plain) throw Invalid("guard", "must be 1 to 100 of a-z, 0-9, '-', '_' and '.'");
  StandingGuard guard;
  guard.asset = asset;
  guard.alias = alias;
  guard.name = name;
  guard.rule = readGuard(body);
  guard.body = canonicalJson(body);
  guard.setAt = change.now;
  guard.setBy = change.actor.name;
  guard.state = "waiting";
  if (auto present = findGuard(change.transaction, key, alias, name)) {
    requireOwner(identity, *present);
    guard.id = present->id;
    change.transaction.run(
        "UPDATE standing_guard SET body = $2, set_at = $3, set_by = $4, acted_number = 0, acted_at = 0, outcome = '' "
        "WHERE id = $1",
        {guard.id, guard.body, guard.setAt, guard.setBy});
  } else {
    if (listGuards(change.transaction, asset.id).size() >= guardsOfAsset)
      throw limitReached(fmt::format("{} '{}'", registry::kindName(key.kind), key.name), guardsOfAsset,
                         "standing guards");
    guard.id = change.transaction.insert(
        "INSERT INTO standing_guard (asset, alias, name, body, set_at, set_by, acted_number, acted_at, outcome, state, "
        "why, checked_at) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, '', 'waiting', '', 0) RETURNING id",
        {asset.id, guard.alias, guard.name, guard.body, guard.setAt, guard.setBy});
  }
  change.record(registry::Action::standingGuardSet, key.workspace, subjectOf(guard), entryData(guard));
  return guard;
}

void deleteGuard(registry::Change& change, const access::Identity& identity, const StandingGuard& guard) {
  requireOwner(identity, guard);
  change.transaction.run("DELETE FROM standing_guard WHERE id = $1", {guard.id});
  change.record(registry::Action::standingGuardDeleted, guard.asset.key.workspace, subjectOf(guard), entryData(guard));
}

std::optional<StandingGuard> findGuard(db::Transaction& transaction, const registry::AssetKey& key,
                                       std::string_view alias, std::string_view name) {
  auto asset = registry::findAsset(transaction, key);
  if (!asset) return std::nullopt;
  auto found = readAll(
      transaction, transaction.query(fmt::format("{}WHERE g.asset = $1 AND g.alias = $2 AND g.name = $3", guardColumns),
                                     {asset->id, alias, name}));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<StandingGuard> listGuards(db::Transaction& transaction, std::int64_t asset) {
  return readAll(
      transaction,
      transaction.query(fmt::format("{}WHERE g.asset = $1 OR $1 = 0 ORDER BY g.asset, g.alias, g.name", guardColumns),
                        {asset}));
}

}  // namespace regesta::automation
