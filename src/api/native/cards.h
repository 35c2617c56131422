#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct CardTemplateAnswer {
  std::string name, title;
  std::vector<std::string> sections, required;
  static constexpr Field fields[] = {
      field<&CardTemplateAnswer::name>("name"), field<&CardTemplateAnswer::title>("title"),
      field<&CardTemplateAnswer::sections>("sections"),
      field<&CardTemplateAnswer::required>("required", about("those that a card rule with this template requires"))};
};
struct CardDraftQuery {
  std::string kind, name, selector, form;
  static constexpr std::string_view documentation =
      "Markdown with the sections of the template. The registry fills in what it knows and you may read; the other "
      "sections have a comment that says what to write.";
  static constexpr Field fields[] = {
      field<&CardDraftQuery::kind>("kind", required), field<&CardDraftQuery::name>("name", required),
      field<&CardDraftQuery::selector>("selector", required),
      field<&CardDraftQuery::form>("template", required | about("see /api/v1/card-templates"))};
};
struct CardRuleSetting {
  std::string kind, namePattern, form;
  std::vector<std::string> sections;
  static constexpr Field fields[] = {
      field<&CardRuleSetting::kind>("kind", required | about("model, prompt, dataset, artifact or *")),
      field<&CardRuleSetting::namePattern>("name_pattern", required | about("a name, or a pattern with * and ?")),
      field<&CardRuleSetting::form>("template", about("require the required sections of this template")),
      field<&CardRuleSetting::sections>("sections", about("require these headings, too"))};
};
struct CardRuleAnswer {
  std::int64_t id = 0;
  std::string kind, namePattern, form;
  std::vector<std::string> sections;
  std::optional<std::string> setAt;
  std::string setBy;
  static constexpr Field fields[] = {field<&CardRuleAnswer::id>("id"),
                                     field<&CardRuleAnswer::kind>("kind"),
                                     field<&CardRuleAnswer::namePattern>("name_pattern"),
                                     field<&CardRuleAnswer::form>("template"),
                                     field<&CardRuleAnswer::sections>("sections"),
                                     field<&CardRuleAnswer::setAt>("set_at"),
                                     field<&CardRuleAnswer::setBy>("set_by")};
};

Page<CardTemplateAnswer> listCardTemplates(Call& call, const PageQuery& query);
Plain draftCard(Call& call, const CardDraftQuery& query);
Page<CardRuleAnswer> listCardRules(Call& call, const PageQuery& query);
CardRuleAnswer setCardRule(Call& call, const CardRuleSetting& request);
Empty deleteCardRule(Call& call, const NumberOnly& path);

}  // namespace regesta::api::native
