#include "registry/golden_rule.h"

#include "base/error.h"
#include "base/text.h"

namespace regesta::registry {
namespace {

constexpr std::string_view columns =
    "id, workspace, name, kind, name_pattern, dataset, selector, dataset_digest, file, method, tolerance, repeats, "
    "after_version, created_at, created_by";
constexpr std::size_t nameLength = 100;

std::vector<GoldenRule> readRules(db::Rows rows) {
  std::vector<GoldenRule> rules;
  while (rows.next())
    rules.push_back({rows.integer(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.integer(5),
                     rows.text(6), rows.text(7), rows.text(8), rows.text(9), rows.text(10), rows.integer(11),
                     rows.integer(12), rows.integer(13), rows.text(14)});
  return rules;
}

std::optional<GoldenRule> firstOf(std::vector<GoldenRule> rules) {
  return rules.empty() ? std::nullopt : std::optional(std::move(rules.front()));
}

}  // namespace

bool GoldenRule::covers(const AssetKey& key) const {
  return workspace == key.workspace && kind == kindName(key.kind) && globMatch(namePattern, key.name);
}

GoldenRule addGoldenRule(Change& change, GoldenRule rule) {
  bool plain = !rule.name.empty() && rule.name.size() <= nameLength &&
               rule.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
  if (!plain) throw Invalid("name", "must be 1 to 100 of a-z, 0-9, '-', '_' and '.'");
  if (findGoldenRule(change.transaction, rule.workspace, rule.name))
    throw error(Code::exists, "the golden rule '{}' exists", rule.name);
  auto newest = change.transaction.query("SELECT COALESCE(MAX(id), 0) FROM version");
  rule.afterVersion = newest.next() ? newest.integer(0) : 0;
  rule.createdAt = change.now;
  rule.createdBy = change.actor.name;
  rule.id = change.transaction.insert(
      "INSERT INTO golden_rule (workspace, name, kind, name_pattern, dataset, selector, dataset_digest, file, method, "
      "tolerance, repeats, after_version, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
      "$11, "
      "$12, $13, $14) RETURNING id",
      {rule.workspace, rule.name, rule.kind, rule.namePattern, rule.dataset, rule.selector, rule.datasetDigest,
       rule.file, rule.method, rule.tolerance, rule.repeats, rule.afterVersion, rule.createdAt, rule.createdBy});
  change.record(Action::goldenRuleSet, rule.workspace, rule.subject(),
                {{"rule", rule.id},
                 {"kind", rule.kind},
                 {"name_pattern", rule.namePattern},
                 {"selector", rule.selector},
                 {"dataset_digest", rule.datasetDigest},
                 {"method", rule.method},
                 {"tolerance", rule.tolerance}});
  return rule;
}

void deleteGoldenRule(Change& change, const GoldenRule& rule) {
  change.transaction.run("DELETE FROM golden_rule WHERE id = $1", {rule.id});
  change.record(Action::goldenRuleDeleted, rule.workspace, rule.subject(), {{"rule", rule.id}});
}

std::optional<GoldenRule> findGoldenRule(db::Transaction& transaction, std::string_view workspace,
                                         std::string_view name) {
  return firstOf(readRules(transaction.query(
      fmt::format("SELECT {} FROM golden_rule WHERE workspace = $1 AND name = $2", columns), {workspace, name})));
}

std::optional<GoldenRule> findGoldenRuleById(db::Transaction& transaction, std::int64_t id) {
  return firstOf(readRules(transaction.query(fmt::format("SELECT {} FROM golden_rule WHERE id = $1", columns), {id})));
}

std::vector<GoldenRule> listGoldenRules(db::Transaction& transaction, std::string_view workspace) {
  return readRules(transaction.query(
      fmt::format("SELECT {} FROM golden_rule WHERE $1 = '' OR workspace = $1 ORDER BY workspace, name", columns),
      {workspace}));
}

std::vector<GoldenRule> goldenRulesFor(db::Transaction& transaction, const AssetKey& key) {
  std::vector<GoldenRule> rules = listGoldenRules(transaction, key.workspace);
  std::erase_if(rules, [&](const GoldenRule& rule) { return !rule.covers(key); });
  return rules;
}

}  // namespace regesta::registry
