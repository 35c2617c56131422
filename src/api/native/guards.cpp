#include "api/native/guards.h"

#include "base/time.h"
#include "delivery/guard.h"
#include "delivery/guard_words.h"

namespace regesta::api::native {

namespace {

GuardArm armOf(const delivery::GuardConfig& guard, const delivery::MeanSequence& mean, std::int64_t version) {
  GuardArm arm;
  arm.version = version;
  arm.reports = static_cast<std::int64_t>(mean.count);
  if (mean.count > 0) arm.mean = delivery::guards::original(guard, mean.mean());
  delivery::Interval interval = delivery::guards::originalInterval(guard, mean);
  arm.low = interval.low;
  arm.high = interval.high;
  return arm;
}

std::optional<std::string> momentOf(double millis) { return timeText(static_cast<std::int64_t>(millis)); }

GuardAnswer answerOf(const registry::Rollout& rollout, const delivery::GuardView& view) {
  const delivery::GuardState& state = view.state;
  bool paired = view.share < 1;
  GuardAnswer answer;
  answer.guard = view.guard.name;
  answer.metric = view.guard.metric;
  answer.arm = view.arm.name;
  answer.role = delivery::roleName(view.guard.role);
  answer.standing = view.standing;
  answer.why = view.why;
  answer.candidate = armOf(view.guard, state.candidate, view.arm.version);
  answer.stable = armOf(view.guard, state.base, rollout.stable);
  answer.method = paired ? "paired betting e-process" : "e-CUSUM";
  answer.e = delivery::guards::evidenceOf(state.logE(view.share));
  answer.threshold = delivery::guards::evidenceOf(delivery::GuardState::logThreshold(view.guard, view.share));
  if (paired) answer.p = state.worse.p();
  answer.fineE = delivery::guards::evidenceOf(state.fine.highest);
  if (!paired && state.frozen >= 0) answer.frozenMean = delivery::guards::original(view.guard, state.frozen);
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
  return call.core.store.read([&](db::Session& session) {
    registry::Asset asset = registry::getAsset(session, key);
    std::optional<registry::Rollout> rollout = registry::findRollout(session, path.id);
    if (!rollout || rollout->asset != asset.id)
      throw error(Code::notFound, "{} has no rollout {}", key.subject(), path.id);
    GuardsAnswer answer;
    answer.rollout = rollout->id;
    answer.status = registry::statusName(rollout->status);
    answer.endedBy = textOrNothing(rollout->endedBy);
    answer.endReason = textOrNothing(rollout->endReason);
    std::string hold = rollout->hold;
    if (hold.empty() && rollout->active()) hold = delivery::adviceFor(session, *rollout, nowMillis()).hold;
    answer.hold = textOrNothing(hold);
    for (const delivery::GuardView& view : delivery::viewGuards(session, *rollout))
      answer.items.push_back(answerOf(*rollout, view));
    return answer;
  });
}

}  // namespace regesta::api::native
