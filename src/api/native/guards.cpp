#include "api/native/guards.h"

#include "base/time.h"
#include "rollout/guard.h"
#include "rollout/guard_words.h"

namespace regesta::api::native {

namespace {

GuardArm armOf(const rollout::GuardConfig& guard, const rollout::MeanSequence& mean, std::int64_t version) {
  GuardArm arm;
  arm.version = version;
  arm.reports = static_cast<std::int64_t>(mean.count);
  if (mean.count > 0) arm.mean = rollout::guards::original(guard, mean.mean());
  rollout::Interval interval = rollout::guards::originalInterval(guard, mean);
  arm.low = interval.low;
  arm.high = interval.high;
  return arm;
}

std::optional<std::string> momentOf(double millis) { return timeText(static_cast<std::int64_t>(millis)); }

GuardAnswer answerOf(const registry::Rollout& rollout, const rollout::GuardView& view) {
  const rollout::GuardState& state = view.state;
  bool paired = view.share < 1;
  GuardAnswer answer;
  answer.guard = view.guard.name;
  answer.metric = view.guard.metric;
  answer.arm = view.arm.name;
  answer.role = rollout::roleName(view.guard.role);
  answer.standing = rollout::standingName(view.standing);
  answer.why = view.why;
  answer.candidate = armOf(view.guard, state.candidate, view.arm.version);
  answer.stable = armOf(view.guard, state.base, rollout.stable);
  answer.method = paired ? "paired betting e-process" : "e-CUSUM";
  answer.e = rollout::guards::evidenceOf(state.logE(view.share));
  answer.threshold = rollout::guards::evidenceOf(rollout::GuardState::logThreshold(view.guard, view.share));
  if (paired) answer.p = state.worse.p();
  answer.fineE = rollout::guards::evidenceOf(state.fine.highest);
  if (!paired && state.frozen >= 0) answer.frozenMean = rollout::guards::original(view.guard, state.frozen);
  answer.observations = static_cast<std::int64_t>(paired ? state.worse.count : state.fallen.count);
  answer.late = static_cast<std::int64_t>(state.late);
  if (state.ratio.candidates + state.ratio.others > 0) answer.splitP = state.ratio.p();
  answer.lastReportAt = momentOf(state.candidateAt);
  answer.breachedAt = momentOf(state.breachedAt);
  answer.unevenAt = momentOf(state.unevenAt);
  answer.config.text = writeJson(view.guard.toJson());
  return answer;
}

}  // namespace

GuardsAnswer rolloutGuards(Call& call, const RolloutPath& path) {
  registry::AssetKey key = readable(call, "prompt", path.name);
  return call.core.store.read([&](db::Transaction& transaction) {
    registry::Asset asset = registry::getAsset(transaction, key);
    std::optional<registry::Rollout> rollout = registry::findRollout(transaction, path.id);
    if (!rollout || rollout->asset != asset.id)
      throw error(Code::notFound, "{} has no rollout {}", key.subject(), path.id);
    GuardsAnswer answer;
    answer.rollout = rollout->id;
    answer.status = registry::statusName(rollout->status);
    answer.endedBy = optionalText(rollout->endedBy);
    answer.endReason = optionalText(rollout->endReason);
    std::string hold = rollout->hold;
    if (hold.empty() && rollout->active()) hold = rollout::adviceFor(transaction, *rollout, nowMillis()).hold;
    answer.hold = optionalText(hold);
    for (const rollout::GuardView& view : rollout::viewGuards(transaction, *rollout))
      answer.items.push_back(answerOf(*rollout, view));
    return answer;
  });
}

}  // namespace regesta::api::native
