#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct RuleAnswer {
  std::string name;
  std::int64_t revision = 0;
  std::string kind, namePattern;
  std::int64_t keepNewest = 0;
  std::optional<std::string> archiveAfter, deleteAfter;
  std::string age;
  std::optional<std::string> setAt;
  std::string setBy;
  static constexpr Field fields[] = {field<&RuleAnswer::name>("name"),
                                     field<&RuleAnswer::revision>("revision"),
                                     field<&RuleAnswer::kind>("kind"),
                                     field<&RuleAnswer::namePattern>("name_pattern"),
                                     field<&RuleAnswer::keepNewest>("keep_newest"),
                                     field<&RuleAnswer::archiveAfter>("archive_after"),
                                     field<&RuleAnswer::deleteAfter>("delete_after"),
                                     field<&RuleAnswer::age>("age"),
                                     field<&RuleAnswer::setAt>("set_at"),
                                     field<&RuleAnswer::setBy>("set_by")};
};
struct NewRule {
  std::string name, kind, namePattern, archiveAfter, deleteAfter, age;
  std::int64_t keepNewest = 0;
  static constexpr std::string_view documentation =
      "Creates the next revision of the rule. Deletes nothing: review the plan, then apply it.";
  static constexpr Field fields[] = {
      field<&NewRule::name>("name", required),
      field<&NewRule::kind>("kind", about("prompt, model, dataset, artifact; absent: all of these")),
      field<&NewRule::namePattern>("name_pattern", about("names of assets, with * and ?; absent: every name")),
      field<&NewRule::keepNewest>("keep_newest", atLeast(0) | about("versions of each asset that stay")),
      field<&NewRule::archiveAfter>("archive_after", about("age: 30d, 12h, 30m, 0d; absent: archive nothing")),
      field<&NewRule::deleteAfter>("delete_after", about("age; absent: delete nothing")),
      field<&NewRule::age>("age",
                           about("creation (default), or use: since a pointer or a report last had the version"))};
};
struct RetentionItem {
  std::string action, subject, rules;
  std::optional<std::string> createdAt, ageSince;
  std::int64_t bytes = 0;
  static constexpr Field fields[] = {
      field<&RetentionItem::action>("action", about("archive or delete")),
      field<&RetentionItem::subject>("subject"),
      field<&RetentionItem::rules>("rules", about("that all let it go, each with its revision")),
      field<&RetentionItem::createdAt>("created_at"),
      field<&RetentionItem::ageSince>("age_since"),
      field<&RetentionItem::bytes>("bytes", about("of its files; content that others use is not freed"))};
};
struct KeptAnswer {
  std::string subject, reason;
  static constexpr Field fields[] = {field<&KeptAnswer::subject>("subject"), field<&KeptAnswer::reason>("reason")};
};
struct RetentionPlanAnswer {
  std::string digest;
  std::optional<std::string> asOf;
  std::vector<RetentionItem> items;
  std::vector<KeptAnswer> kept;
  std::int64_t keptMore = 0;
  bool more = false;
  static constexpr Field fields[] = {
      field<&RetentionPlanAnswer::digest>("digest", about("to apply exactly this plan")),
      field<&RetentionPlanAnswer::asOf>("as_of", about("ages are measured at the last full hour")),
      field<&RetentionPlanAnswer::items>("items", about("versions to archive or delete")),
      field<&RetentionPlanAnswer::kept>("kept", about("versions of matching assets that stay, and why")),
      field<&RetentionPlanAnswer::keptMore>("kept_more", about("kept ones that are not listed")),
      field<&RetentionPlanAnswer::more>("more", about("further versions go once this plan is applied"))};
};
struct PlanApplication {
  std::string digest;
  static constexpr std::string_view documentation =
      "Refused with 409 if the rules now let other versions go than the plan with this digest says. Works for some "
      "seconds; call it again with the same digest while finished is false, also after an interruption.";
  static constexpr Field fields[] = {field<&PlanApplication::digest>("digest", required)};
};
struct ApplicationAnswer {
  std::int64_t id = 0;
  std::string digest;
  std::int64_t planned = 0, deleted = 0, archived = 0;
  std::vector<KeptAnswer> skipped;
  bool finished = false;
  static constexpr Field fields[] = {
      field<&ApplicationAnswer::id>("id"),
      field<&ApplicationAnswer::digest>("digest"),
      field<&ApplicationAnswer::planned>("planned"),
      field<&ApplicationAnswer::deleted>("deleted"),
      field<&ApplicationAnswer::archived>("archived"),
      field<&ApplicationAnswer::skipped>("skipped", about("can no longer be archived or deleted, and why")),
      field<&ApplicationAnswer::finished>("finished")};
};

Page<RuleAnswer> listRetentionRules(Call& call, const PageQuery& query);
RuleAnswer setRetentionRule(Call& call, const NewRule& request);
Empty deleteRetentionRule(Call& call, const NameOnly& path);
RetentionPlanAnswer planRetention(Call& call, const Empty&);
ApplicationAnswer applyRetention(Call& call, const PlanApplication& request);

}  // namespace regesta::api::native
