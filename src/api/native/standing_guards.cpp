#include "api/native/standing_guards.h"

#include <algorithm>

#include "automation/standing_guard.h"
#include "base/time.h"

namespace regesta::api::native {
namespace {

using automation::StandingGuard;

StandingGuardAnswer answerOf(db::Transaction& transaction, const StandingGuard& guard) {
  automation::GuardFinding finding = automation::judge(transaction, guard, nowMillis());
  StandingGuardAnswer answer;
  answer.alias = guard.alias;
  answer.guard = guard.name;
  answer.rule.text = guard.body;
  answer.state = finding.state;
  answer.why = finding.why;
  if (finding.version != 0) answer.version = finding.version;
  if (!finding.evidence.empty()) answer.numbers.text = writeJson(finding.evidence);
  if (guard.actedNumber != 0) answer.breachedVersion = guard.actedNumber;
  answer.breachedAt = timeText(guard.actedAt);
  answer.outcome = optionalText(guard.outcome);
  answer.setAt = timeText(guard.setAt);
  answer.setBy = guard.setBy;
  return answer;
}

json::object bodyOf(const NewStandingGuard& request) {
  json::object body{{"metric", request.metric}};
  for (auto [name, raw] : {std::pair{"threshold", &request.threshold},
                           {"margin", &request.margin},
                           {"min_reports", &request.minReports},
                           {"window_hours", &request.windowHours}})
    if (!raw->text.empty()) body[name] = parseJson(raw->text);
  if (!request.direction.empty()) body["direction"] = request.direction;
  if (!request.onBreach.empty()) body["on_breach"] = request.onBreach;
  return body;
}

}  // namespace

Page<StandingGuardAnswer> listStandingGuards(Call& call, const StandingGuardsQuery& asked) {
  registry::AssetKey key = readable(call, asked.kind, asked.name);
  return call.core.store.read([&](db::Transaction& transaction) {
    auto keyOf = [](const StandingGuard& guard) { return guard.alias + "/" + guard.name; };
    std::vector<StandingGuard> guards = automation::listGuards(transaction, registry::getAsset(transaction, key).id);
    std::ranges::sort(guards, {}, keyOf);
    return pageOf(guards, asked.pageToken, asked.pageSize, keyOf,
                  [&](const StandingGuard& guard) { return answerOf(transaction, guard); });
  });
}

StandingGuardAnswer setStandingGuard(Call& call, const NewStandingGuard& request) {
  registry::AssetKey key = changeable(call, request.kind, request.name);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    StandingGuard guard = automation::setGuard(change, *call.identity, registry::getAsset(change.transaction, key),
                                               request.alias, request.guard, bodyOf(request));
    return answerOf(change.transaction, guard);
  });
}

Empty deleteStandingGuard(Call& call, const StandingGuardPath& path) {
  registry::AssetKey key = changeable(call, path.kind, path.name);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    auto guard = automation::findGuard(change.transaction, key, path.alias, path.guard);
    if (!guard)
      throw error(Code::notFound, "'{}' of {} has no standing guard '{}'", path.alias, key.subject(), path.guard);
    automation::deleteGuard(change, *call.identity, *guard);
  });
  call.status = 204;
  return {};
}

}  // namespace regesta::api::native
