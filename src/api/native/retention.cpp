#include "api/native/retention.h"

#include "base/time.h"
#include "lifecycle/retention_apply.h"

namespace regesta::api::native {
namespace {

constexpr std::int64_t sliceMillis = 10'000;  // of work in one call

/// Rules are about every name that they match, now and later.
void requireWorkspace(const Call& call) { call.require(access::Verb::administer, "*"); }

std::optional<std::string> ageOf(const std::optional<std::int64_t>& millis) {
  return millis ? std::optional(lifecycle::ageText(*millis)) : std::nullopt;
}

RuleAnswer answerOf(const lifecycle::RetentionRule& rule) {
  return {rule.name,
          rule.revision,
          rule.kind,
          rule.namePattern,
          rule.keepNewest,
          ageOf(rule.archiveAfter),
          ageOf(rule.deleteAfter),
          std::string(lifecycle::ageName(rule.age)),
          timeText(rule.setAt),
          rule.setBy};
}

std::vector<KeptAnswer> answerOf(const std::vector<lifecycle::KeptItem>& items) {
  std::vector<KeptAnswer> all;
  all.reserve(items.size());
  for (const lifecycle::KeptItem& item : items) all.push_back({item.subject, item.reason});
  return all;
}

lifecycle::RetentionRule ruleOf(const NewRule& request) {
  lifecycle::RetentionRule rule;
  rule.name = request.name;
  if (!request.kind.empty()) rule.kind = request.kind;
  if (!request.namePattern.empty()) rule.namePattern = request.namePattern;
  rule.keepNewest = request.keepNewest;
  if (!request.archiveAfter.empty()) rule.archiveAfter = lifecycle::parseAge(request.archiveAfter, "archive_after");
  if (!request.deleteAfter.empty()) rule.deleteAfter = lifecycle::parseAge(request.deleteAfter, "delete_after");
  if (!request.age.empty()) {
    auto age = lifecycle::parseAgeOf(request.age);
    if (!age) throw Invalid("age", "must be creation or use");
    rule.age = *age;
  }
  return rule;
}

}  // namespace

Page<RuleAnswer> listRetentionRules(Call& call, const PageQuery& query) {
  requireWorkspace(call);
  auto rules = call.core.store.read(
      [&](db::Transaction& transaction) { return lifecycle::listRules(transaction, call.workspace); });
  return pageOf(
      rules, query.pageToken, query.pageSize, [](const lifecycle::RetentionRule& rule) { return rule.name; },
      [](const lifecycle::RetentionRule& rule) { return answerOf(rule); });
}

RuleAnswer setRetentionRule(Call& call, const NewRule& request) {
  requireWorkspace(call);
  lifecycle::RetentionRule rule = ruleOf(request);
  return answerOf(call.core.store.change(
      call.actor(), [&](registry::Change& change) { return lifecycle::setRule(change, call.workspace, rule); }));
}

Empty deleteRetentionRule(Call& call, const NameOnly& path) {
  requireWorkspace(call);
  call.core.store.change(call.actor(),
                         [&](registry::Change& change) { lifecycle::deleteRule(change, call.workspace, path.name); });
  call.status = 204;
  return {};
}

RetentionPlanAnswer planRetention(Call& call, const Empty&) {
  requireWorkspace(call);
  lifecycle::RetentionPlan plan = call.core.store.read([&](db::Transaction& transaction) {
    return lifecycle::planRetention(transaction, call.workspace, lifecycle::planMoment(nowMillis()));
  });
  RetentionPlanAnswer answer;
  answer.digest = plan.digest;
  answer.asOf = timeText(plan.asOf);
  for (const lifecycle::PlannedItem& item : plan.items)
    answer.items.push_back({std::string(lifecycle::actName(item.act)), item.subject(), item.rules,
                            timeText(item.createdAt), timeText(item.since), item.bytes});
  answer.kept = answerOf(plan.kept);
  answer.keptMore = plan.keptMore;
  answer.more = plan.more;
  return answer;
}

ApplicationAnswer applyRetention(Call& call, const PlanApplication& request) {
  requireWorkspace(call);
  lifecycle::RetentionProgress progress =
      lifecycle::applyRetention(call.core.store, call.actor(), call.workspace, request.digest, sliceMillis);
  return {progress.id,      progress.digest,   progress.planned,
          progress.removed, progress.archived, answerOf(progress.skipped),
          progress.finished};
}

}  // namespace regesta::api::native
