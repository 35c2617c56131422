#include "governance/card_rule.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/name_pattern.h"
#include "base/text.h"
#include "governance/card_template.h"
#include "registry/action.h"

namespace regesta::governance {
namespace {

constexpr std::size_t mostSections = 100, longestSection = 200, longestPattern = 200;
constexpr std::int64_t mostRules = 200;
constexpr std::string_view ruleColumns = "id, workspace, kind, name_pattern, template, sections, set_at, set_by";

CardRule readRule(const db::Rows& rows) {
  CardRule rule{rows.integer(0), rows.text(1), rows.text(2),    rows.text(3),
                rows.text(4),    {},           rows.integer(6), rows.text(7)};
  for (const json::value& section : parseJson(rows.view(5)).as_array())
    rule.sections.emplace_back(std::string_view(section.as_string()));
  return rule;
}

std::string subjectOf(const CardRule& rule) { return fmt::format("card-rule/{}/{}", rule.kind, rule.namePattern); }

/// Headings are compared without case and numbering: "2. Intended use" is "Intended use".
std::string plainHeading(std::string_view heading) {
  std::string_view text = trim(heading);
  while (!text.empty() && (std::isdigit(static_cast<unsigned char>(text.front())) || text.front() == '.' ||
                           text.front() == ')' || text.front() == ' '))
    text.remove_prefix(1);
  return lower(text);
}

void check(const CardRule& rule) {
  if (rule.kind != "*" && !registry::parseKind(rule.kind))
    throw Invalid("kind", "must be model, prompt, dataset, artifact or *");
  if (rule.namePattern.empty() || rule.namePattern.size() > longestPattern)
    throw Invalid("name_pattern", "must be a name or pattern of at most 200 bytes");
  if (!rule.templateName.empty() && !findCardTemplate(rule.templateName))
    throw Invalid("template", fmt::format("must be one of {}", join(cardTemplateNames(), ", ")));
  if (rule.sections.empty() && rule.templateName.empty())
    throw Invalid("sections", "must name at least one section, or give a template");
  if (rule.sections.size() > mostSections) throw Invalid("sections", "must be at most 100");
  std::set<std::string> seen;
  for (const std::string& section : rule.sections) {
    if (plainHeading(section).empty() || section.size() > longestSection)
      throw Invalid("sections", "must be headings of 1 to 200 bytes");
    if (!seen.insert(plainHeading(section)).second)
      throw Invalid("sections", fmt::format("must not have '{}' twice", section));
  }
}

}  // namespace

CardRule setCardRule(registry::Change& change, CardRule rule) {
  check(rule);
  auto count = change.transaction.query("SELECT COUNT(*) FROM card_rule WHERE workspace = $1", {rule.workspace});
  if (count.next() && count.integer(0) >= mostRules)
    throw limitReached(fmt::format("workspace '{}'", rule.workspace), mostRules, "card rules");
  rule.setAt = change.now;
  rule.setBy = change.actor.name;
  json::array sections(rule.sections.begin(), rule.sections.end());
  change.transaction.run("DELETE FROM card_rule WHERE workspace = $1 AND kind = $2 AND name_pattern = $3",
                         {rule.workspace, rule.kind, rule.namePattern});
  rule.id = change.transaction.insert(
      "INSERT INTO card_rule (workspace, kind, name_pattern, template, sections, set_at, set_by) VALUES ($1, $2, $3, "
      "$4, $5, $6, $7) RETURNING id",
      {rule.workspace, rule.kind, rule.namePattern, rule.templateName, json::serialize(sections), rule.setAt,
       rule.setBy});
  change.record(registry::Action::cardRuleSet, rule.workspace, subjectOf(rule),
                {{"kind", rule.kind},
                 {"name_pattern", rule.namePattern},
                 {"template", rule.templateName},
                 {"sections", std::move(sections)}});
  return rule;
}

void deleteCardRule(registry::Change& change, std::string_view workspace, std::int64_t id) {
  auto rows = change.transaction.query(
      fmt::format("SELECT {} FROM card_rule WHERE workspace = $1 AND id = $2", ruleColumns), {workspace, id});
  if (!rows.next()) throw error(Code::notFound, "the workspace {} has no card rule {}", workspace, id);
  CardRule rule = readRule(rows);
  change.transaction.run("DELETE FROM card_rule WHERE id = $1", {id});
  change.record(registry::Action::cardRuleDeleted, rule.workspace, subjectOf(rule), {{"rule", id}});
}

std::vector<CardRule> listCardRules(db::Transaction& transaction, std::string_view workspace) {
  std::vector<CardRule> rules;
  auto rows = transaction.query(fmt::format("SELECT {} FROM card_rule WHERE workspace = $1 ORDER BY id", ruleColumns),
                                {workspace});
  while (rows.next()) rules.push_back(readRule(rows));
  return rules;
}

std::vector<std::string> requiredSections(db::Transaction& transaction, const registry::AssetKey& key) {
  std::vector<std::string> required;
  std::set<std::string> seen;
  auto take = [&](std::string_view section) {
    if (seen.insert(plainHeading(section)).second) required.emplace_back(section);
  };
  for (const CardRule& rule : listCardRules(transaction, key.workspace)) {
    AssetPattern pattern{rule.workspace, rule.kind, rule.namePattern};
    if (!pattern.covers(key.workspace, registry::kindName(key.kind), key.name)) continue;
    if (const CardTemplate* known = findCardTemplate(rule.templateName))
      for (const CardSection& section : known->sections)
        if (section.required) take(section.heading);
    for (const std::string& section : rule.sections) take(section);
  }
  return required;
}

std::vector<std::string> missingSections(const std::vector<std::string>& required, const json::object& summary) {
  std::set<std::string> filled;
  auto each = [&](std::string_view name, auto visit) {
    const json::value* list = summary.if_contains(name);
    if (!list || !list->is_array()) return;
    for (const json::value& heading : list->get_array())
      if (heading.is_string()) visit(plainHeading(heading.get_string()));
  };
  each("sections", [&](std::string heading) { filled.insert(std::move(heading)); });
  each("empty", [&](const std::string& heading) { filled.erase(heading); });
  std::vector<std::string> missing;
  for (const std::string& section : required)
    if (!filled.contains(plainHeading(section))) missing.push_back(section);
  return missing;
}

}  // namespace regesta::governance
