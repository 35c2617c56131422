#include "rollout/guard_words.h"

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "crypto/hash.h"

namespace regesta::rollout::guards {
namespace {

std::string meanText(const GuardConfig& guard, const MeanSequence& mean) {
  return fmt::format("{:.4g} in {} reports", original(guard, mean.mean()), static_cast<std::int64_t>(mean.count));
}

json::object meanJson(const GuardConfig& guard, const MeanSequence& mean) {
  Interval interval = originalInterval(guard, mean);
  return {{"reports", static_cast<std::int64_t>(mean.count)},
          {"mean", mean.count > 0 ? json::value(original(guard, mean.mean())) : json::value()},
          {"low", interval.low},
          {"high", interval.high}};
}

}  // namespace

double original(const GuardConfig& guard, double mapped) {
  double part = guard.higherIsBetter ? mapped : 1 - mapped;
  return guard.low + part * (guard.high - guard.low);
}

Interval originalInterval(const GuardConfig& guard, const MeanSequence& mean) {
  double one = original(guard, mean.low), other = original(guard, mean.high);
  return {std::min(one, other), std::max(one, other)};
}

double evidenceOf(double logE) { return std::exp(std::min(logE, 690.0)); }

json::object evidence(const registry::Rollout& rollout, const GuardConfig& guard, const registry::RolloutArm& arm,
                      const GuardState& state, double share) {
  double logE = state.logE(share);
  bool paired = share < 1;
  json::object data{{"alias", rollout.alias},
                    {"arm", arm.name},
                    {"candidate", meanJson(guard, state.candidate)},
                    {"config", crypto::sha256Hex(canonicalJson(guard.toJson()))},
                    {"e", evidenceOf(logE)},
                    {"guard", guard.name},
                    {"margin", guard.margin},
                    {"method", paired ? "paired betting e-process" : "e-CUSUM"},
                    {"metric", guard.metric},
                    {"observations", static_cast<std::int64_t>(paired ? state.worse.count : state.fallen.count)},
                    {"rollout", rollout.id},
                    {"stable", meanJson(guard, state.base)},
                    {"stable_version", rollout.stable},
                    {"threshold", evidenceOf(GuardState::logThreshold(guard, share))},
                    {"version", arm.version}};
  if (paired) data["p"] = state.worse.p();
  if (paired) data["alpha"] = guard.alpha;
  if (!paired) data["frozen_mean"] = original(guard, state.frozen);
  return data;
}

std::string breachText(const registry::Rollout& rollout, const GuardConfig& guard, const registry::RolloutArm& arm,
                       const GuardState& state, double share) {
  std::string than = share < 1
                         ? fmt::format("version {} {}", rollout.stable, meanText(guard, state.base))
                         : fmt::format("version {} had at least {:.4g}", rollout.stable, original(guard, state.frozen));
  double margin = guard.margin * (guard.high - guard.low);
  return fmt::format(
      "{} '{}': version {} has mean {}, {}; the evidence that it is worse by more than {:.4g} is E = {:.4g}, and "
      "{:.4g} is enough",
      roleName(guard.role), guard.name, arm.version, meanText(guard, state.candidate), than, margin,
      evidenceOf(state.logE(share)), evidenceOf(GuardState::logThreshold(guard, share)));
}

std::string unevenText(const GuardConfig& guard, const registry::RolloutArm& arm, const GuardState& state) {
  double all = state.ratio.candidates + state.ratio.others;
  return fmt::format(
      "guard '{}': {:.1f} % of {} users report on version {}, {:.1f} % were planned (p = {:.2g}): reports are "
      "missing "
      "or keys are not split as planned, so means cannot be compared",
      guard.name, all > 0 ? 100 * state.ratio.candidates / all : 0, static_cast<std::int64_t>(all), arm.version,
      100 * state.ratio.share, state.ratio.p());
}

}  // namespace regesta::rollout::guards
