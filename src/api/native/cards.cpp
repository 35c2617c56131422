#include "api/native/cards.h"

#include <algorithm>

#include "api/tracking_scope.h"
#include "base/text.h"
#include "governance/card_rule.h"
#include "governance/card_template.h"
#include "governance/evidence.h"
#include "governance/governor.h"
#include "governance/input.h"

namespace regesta::api::native {
namespace {

CardRuleAnswer cardRuleAnswer(const governance::CardRule& rule) {
  return {rule.id, rule.kind, rule.namePattern, rule.templateName, rule.sections, timeText(rule.setAt), rule.setBy};
}

}  // namespace

Page<CardTemplateAnswer> listCardTemplates(Call&, const PageQuery& query) {
  std::vector<CardTemplateAnswer> answers;
  for (const governance::CardTemplate& form : governance::cardTemplates()) {
    CardTemplateAnswer answer{std::string(form.name), std::string(form.title), {}, {}};
    for (const governance::CardSection& section : form.sections) {
      answer.sections.emplace_back(section.heading);
      if (section.required) answer.required.emplace_back(section.heading);
    }
    answers.push_back(std::move(answer));
  }
  std::ranges::sort(answers, {}, &CardTemplateAnswer::name);
  return pageOf(
      answers, query.pageToken, query.pageSize, [](const CardTemplateAnswer& answer) { return answer.name; },
      [](const CardTemplateAnswer& answer) { return answer; });
}

Plain draftCard(Call& call, const CardDraftQuery& query) {
  registry::AssetKey key = readable(call, query.kind, query.name);
  const governance::CardTemplate* form = governance::findCardTemplate(query.form);
  if (!form) throw Invalid("template", fmt::format("must be one of {}", join(governance::cardTemplateNames(), ", ")));
  return call.core.store.read([&](db::Transaction& transaction) {
    registry::Version version = registry::resolveVersion(transaction, key, query.selector);
    governance::Scope scope = scopeOf(call, transaction);
    json::array files;
    for (const registry::VersionFile& file : registry::versionFiles(transaction, version))
      files.push_back(json::object{{"path", file.path}, {"size", file.size}, {"digest", file.digest}});
    json::object described =
        governance::describeVersion(transaction, version, governance::evidenceOn(transaction, version), &scope);
    Plain answer;
    answer.contentType = "text/markdown; charset=utf-8";
    answer.body = governance::draftCard(*form, {{"kind", query.kind}, {"name", key.name}, {"files", std::move(files)}},
                                        described);
    return answer;
  });
}

Page<CardRuleAnswer> listCardRules(Call& call, const PageQuery& query) {
  auto rules = call.core.store.read(
      [&](db::Transaction& transaction) { return governance::listCardRules(transaction, call.workspace); });
  std::erase_if(rules, [&](const governance::CardRule& rule) {
    governance::Binding coverage{.workspace = rule.workspace, .kind = rule.kind, .namePattern = rule.namePattern};
    return !governance::concerns(*call.identity, coverage, call.workspace);
  });
  return pageOf(
      rules, query.pageToken, query.pageSize, [](const governance::CardRule& rule) { return rule.id; }, cardRuleAnswer);
}

CardRuleAnswer setCardRule(Call& call, const CardRuleSetting& request) {
  call.require(access::Verb::administer, "*");
  return cardRuleAnswer(call.core.store.change(call.actor(), [&](registry::Change& change) {
    governance::CardRule rule;
    rule.workspace = call.workspace;
    rule.kind = request.kind;
    rule.namePattern = request.namePattern;
    rule.templateName = request.form;
    rule.sections = request.sections;
    return governance::setCardRule(change, std::move(rule));
  }));
}

Empty deleteCardRule(Call& call, const NumberOnly& path) {
  call.require(access::Verb::administer, "*");
  call.core.store.change(
      call.actor(), [&](registry::Change& change) { governance::deleteCardRule(change, call.workspace, path.id); });
  call.status = 204;
  return {};
}

}  // namespace regesta::api::native
