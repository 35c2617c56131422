#include "lifecycle/retention_rule.h"

#include "base/error.h"
#include "base/name_pattern.h"
#include "base/text.h"
#include "db/columns.h"
#include "registry/workspace.h"

namespace regesta::lifecycle {
namespace {

constexpr std::int64_t minute = 60'000, hour = 60 * minute, day = 24 * hour;
constexpr std::int64_t longest = 36'500 * day;
constexpr std::int64_t mostKept = 1'000'000;
constexpr std::size_t rulesOfWorkspace = 100;
constexpr std::string_view ageNames[] = {"creation", "use"};

bool isRuleName(std::string_view name) {
  auto fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= 63 && std::ranges::all_of(name, fine);
}

void check(const RetentionRule& rule) {
  if (!isRuleName(rule.name)) throw Invalid("name", "must be 1 to 63 lower-case letters, digits and '-'");
  if (rule.kind == "policy") throw Invalid("kind", "must not be policy: policy bindings select their versions");
  if (rule.kind != "*" && !registry::parseKind(rule.kind))
    throw Invalid("kind", "must be prompt, model, dataset, artifact or \"*\"");
  registry::checkNamePattern(rule.namePattern);
  if (rule.keepNewest < 0 || rule.keepNewest > mostKept)
    throw Invalid("keep_newest", fmt::format("must be 0 to {}", mostKept));
  if (!rule.archiveAfter && !rule.deleteAfter)
    throw Invalid("delete_after", "is required unless 'archive_after' is given");
  if (rule.archiveAfter && rule.deleteAfter && *rule.archiveAfter > *rule.deleteAfter)
    throw Invalid("archive_after", "must not be longer than 'delete_after'");
}

json::object bodyOf(const RetentionRule& rule) {
  json::object body{{"age", ageNames[static_cast<std::size_t>(rule.age)]},
                    {"keep_newest", rule.keepNewest},
                    {"kind", rule.kind},
                    {"name_pattern", rule.namePattern}};
  if (rule.archiveAfter) body["archive_after"] = *rule.archiveAfter;
  if (rule.deleteAfter) body["delete_after"] = *rule.deleteAfter;
  return body;
}

constexpr std::string_view ruleColumns = "r.name, r.revision, r.body, r.set_at, r.set_by";
constexpr db::Columns ruleColumn(ruleColumns);

RetentionRule read(const db::Rows& rows) {
  json::value parsed = parseJson(rows.view(ruleColumn["body"]));
  const json::object& body = parsed.as_object();
  RetentionRule rule;
  rule.name = rows.text(ruleColumn["name"]);
  rule.revision = rows.integer(ruleColumn["revision"]);
  rule.kind = memberText(body, "kind");
  rule.namePattern = memberText(body, "name_pattern");
  rule.keepNewest = memberInteger(body, "keep_newest");
  if (body.contains("archive_after")) rule.archiveAfter = memberInteger(body, "archive_after");
  if (body.contains("delete_after")) rule.deleteAfter = memberInteger(body, "delete_after");
  rule.age = parseAgeOf(memberText(body, "age")).value_or(AgeOf::creation);
  rule.setAt = rows.integer(ruleColumn["set_at"]);
  rule.setBy = rows.text(ruleColumn["set_by"]);
  return rule;
}

/// The highest revision that the name ever had, also of a deleted rule.
std::int64_t lastRevision(db::Transaction& transaction, std::string_view workspace, std::string_view name) {
  db::Rows rows = transaction.query(
      "SELECT COALESCE(MAX(revision), 0) FROM retention_rule WHERE workspace = $1 AND name = $2", {workspace, name});
  rows.next();
  return rows.integer(0);
}

void insert(registry::Change& change, std::string_view workspace, const RetentionRule& rule, std::string_view body) {
  change.transaction.run(
      "INSERT INTO retention_rule (workspace, name, revision, body, set_at, set_by) VALUES ($1, $2, $3, $4, $5, $6)",
      {workspace, rule.name, rule.revision, body, change.now, change.actor.name});
}

std::string subjectOf(std::string_view name) { return fmt::format("retention-rule/{}", name); }

}  // namespace

bool RetentionRule::covers(const registry::AssetKey& key) const {
  return key.kind != registry::Kind::policy &&
         AssetPattern{.kind = kind, .name = namePattern}.covers(key.workspace, registry::kindName(key.kind), key.name);
}

std::string RetentionRule::label() const { return fmt::format("{}@{}", name, revision); }

std::int64_t parseAge(std::string_view text, std::string_view field) {
  std::int64_t unit = text.ends_with('d') ? day : text.ends_with('h') ? hour : text.ends_with('m') ? minute : 0;
  std::optional<std::int64_t> count;
  if (unit != 0) count = parseInteger(text.substr(0, text.size() - 1));
  if (!count || *count < 0 || *count > longest / unit)
    throw Invalid(std::string(field), "must be a number of days, hours or minutes: 90d, 12h, 30m");
  return *count * unit;
}

std::string ageText(std::int64_t millis) {
  if (millis % day == 0) return fmt::format("{}d", millis / day);
  if (millis % hour == 0) return fmt::format("{}h", millis / hour);
  return fmt::format("{}m", millis / minute);
}

std::string_view ageName(AgeOf age) { return ageNames[static_cast<std::size_t>(age)]; }

std::optional<AgeOf> parseAgeOf(std::string_view text) {
  for (AgeOf age : {AgeOf::creation, AgeOf::use})
    if (ageName(age) == text) return age;
  return std::nullopt;
}

RetentionRule setRule(registry::Change& change, std::string_view workspace, RetentionRule rule) {
  registry::getWorkspace(change.transaction, workspace);
  check(rule);
  json::object body = bodyOf(rule);
  std::optional<RetentionRule> present = findRule(change.transaction, workspace, rule.name);
  if (present && bodyOf(*present) == body) return *std::move(present);
  if (!present && listRules(change.transaction, workspace).size() >= rulesOfWorkspace)
    throw limitReached(fmt::format("workspace '{}'", workspace), rulesOfWorkspace, "retention rules");
  rule.revision = lastRevision(change.transaction, workspace, rule.name) + 1;
  rule.setAt = change.now;
  rule.setBy = change.actor.name;
  insert(change, workspace, rule, canonicalJson(body));
  body["revision"] = rule.revision;
  change.record(registry::Action::retentionRuleSet, std::string(workspace), subjectOf(rule.name), std::move(body));
  return rule;
}

void deleteRule(registry::Change& change, std::string_view workspace, std::string_view name) {
  std::optional<RetentionRule> rule = findRule(change.transaction, workspace, name);
  if (!rule) throw error(Code::notFound, "workspace '{}' has no retention rule '{}'", workspace, name);
  ++rule->revision;
  insert(change, workspace, *rule, "");
  change.record(registry::Action::retentionRuleDeleted, std::string(workspace), subjectOf(name),
                {{"revision", rule->revision}});
}

std::optional<RetentionRule> findRule(db::Transaction& transaction, std::string_view workspace, std::string_view name) {
  db::Rows rows =
      transaction.query(fmt::format("SELECT {} FROM retention_rule r WHERE r.workspace = $1 AND r.name = $2 "
                                    "ORDER BY r.revision DESC LIMIT 1",
                                    ruleColumns),
                        {workspace, name});
  if (!rows.next() || rows.view(ruleColumn["body"]).empty()) return std::nullopt;
  return read(rows);
}

std::vector<RetentionRule> listRules(db::Transaction& transaction, std::string_view workspace) {
  std::vector<RetentionRule> rules;
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM retention_rule r WHERE r.workspace = $1 AND r.body <> '' AND r.revision = "
                  "(SELECT MAX(n.revision) FROM retention_rule n WHERE n.workspace = r.workspace AND n.name = r.name) "
                  "ORDER BY r.name",
                  ruleColumns),
      {workspace});
  while (rows.next()) rules.push_back(read(rows));
  return rules;
}

}  // namespace regesta::lifecycle
