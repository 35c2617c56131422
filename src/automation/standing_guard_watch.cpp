#include <algorithm>

#include "access/grants.h"
#include "automation/standing_guard.h"
#include "base/error.h"
#include "base/id.h"
#include "base/repeater.h"
#include "base/text.h"
#include "base/time.h"
#include "governance/gate.h"
#include "governance/guard_actor.h"
#include "jobs/lease.h"
#include "quality/quality.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"
#include "rollout/interval.h"
#include "telemetry/trace.h"
#include "tracking/logged_model.h"

namespace regesta::automation {
namespace {

using namespace std::chrono_literals;

constexpr Repeater::Pause pauseBetween = 5s;
constexpr std::int64_t leaseMillis = 60'000;
constexpr std::string_view leaseName = "standing-guards";
constexpr std::size_t tracesRead = 5000;
constexpr double alpha = 0.05;
constexpr std::size_t outcomeLength = 500;

rollout::Interval intervalOf(const quality::Summary& all) {
  return rollout::meanInterval({static_cast<double>(all.count()), all.mean(), all.deviation(), all.least(), all.most()},
                               alpha);
}

/// What one trace says about the metric: its latency, whether it failed, or an assessment's value.
std::optional<double> valueOf(const telemetry::Trace& trace, std::string_view metric) {
  if (metric == "latency_ms") {
    if (!trace.duration) return std::nullopt;
    return static_cast<double>(*trace.duration);
  }
  if (metric == "error")
    return trace.ended() ? std::optional(trace.state == telemetry::TraceState::error ? 1.0 : 0.0) : std::nullopt;
  for (const telemetry::Assessment& assessment : trace.assessments)
    if (assessment.valid && assessment.name == metric && assessment.kind == telemetry::AssessmentKind::feedback)
      return telemetry::numberOf(assessment);
  return std::nullopt;
}

/// MLflow names the logged model in its traces' metadata, and logs them in its experiment.
quality::Summary fromTraces(db::Transaction& transaction, const registry::Version& version, std::string_view metric,
                            std::int64_t since) {
  quality::Summary all;
  auto model = version.modelId.empty() ? std::nullopt : tracking::findLoggedModel(transaction, version.modelId);
  if (!model) return all;
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM trace WHERE experiment = $1 AND request_time >= $2 AND metadata LIKE $3 ORDER BY "
                  "request_time DESC LIMIT $4",
                  telemetry::traceColumns),
      {model->experiment, since, fmt::format("%\"mlflow.modelId\":\"{}\"%", version.modelId), tracesRead});
  while (rows.next()) {
    telemetry::Trace trace = telemetry::readTrace(rows);
    if (auto value = valueOf(trace, metric)) all.see(*value, trace.requestTime);
  }
  return all;
}

quality::Summary summaryOf(db::Transaction& transaction, const registry::Asset& asset, std::int64_t number,
                           const std::string& metric, std::int64_t since, std::int64_t now) {
  if (asset.key.kind == registry::Kind::model) {
    auto version = registry::findVersion(transaction, asset.key, number);
    return version ? fromTraces(transaction, *version, metric, since) : quality::Summary();
  }
  auto found =
      quality::quality(transaction, asset, {.version = number, .metric = metric, .since = since, .until = now});
  return found.empty() ? quality::Summary() : found.front().all;
}

/// The version that the alias had before it got `number`; 0: none.
std::int64_t before(db::Transaction& transaction, const registry::AssetKey& key, const registry::Pointer& pointer,
                    std::int64_t number) {
  std::vector<registry::Position> history = registry::pointerHistory(transaction, key, pointer);
  auto got = std::ranges::find(history.rbegin(), history.rend(), number, &registry::Position::to);
  return got == history.rend() ? 0 : got->from;
}

json::object numbersOf(std::int64_t version, const quality::Summary& all, const rollout::Interval& interval) {
  return {{"version", version},
          {"reports", all.count()},
          {"mean", all.mean()},
          {"low", interval.low},
          {"high", interval.high}};
}

std::string meanText(std::int64_t version, const quality::Summary& all, const rollout::Interval& interval) {
  return fmt::format("version {} has a mean of {:.4g} over {} reports, with 95 % certainty from {:.4g} to {:.4g}",
                     version, all.mean(), all.count(), interval.low, interval.high);
}

}  // namespace

GuardFinding judge(db::Transaction& transaction, const StandingGuard& guard, std::int64_t now) {
  const GuardRule& rule = guard.rule;
  const registry::AssetKey& key = guard.asset.key;
  auto alias = registry::findAlias(transaction, guard.asset, guard.alias);
  if (!alias) return {"waiting", fmt::format("'{}' points to no version", guard.alias), 0, 0, {}};
  GuardFinding finding{"waiting", "", alias->number, 0, {}};
  if (registry::runningRollout(transaction, guard.asset, guard.alias)) {
    finding.why = "a rollout is active on it, which its own guards watch";
    return finding;
  }
  std::int64_t since = rule.windowHours == 0 ? 0 : std::max<std::int64_t>(1, now - rule.windowHours * 3'600'000);
  quality::Summary present = summaryOf(transaction, guard.asset, alias->number, rule.metric, since, now);
  if (present.count() < rule.minReports) {
    finding.why = fmt::format("version {} has {} of {} reports of {}", alias->number, present.count(), rule.minReports,
                              rule.metric);
    return finding;
  }
  rollout::Interval interval = intervalOf(present);
  finding.evidence = {{"metric", rule.metric}, {"present", numbersOf(alias->number, present, interval)}};
  finding.state = "fine";
  finding.why = meanText(alias->number, present, interval);
  // `bar`: a mean on its wrong side is bad.
  auto compare = [&](double bar, const std::string& what) {
    bool breached = rule.higherIsBetter ? interval.high < bar : interval.low > bar;
    bool fine = rule.higherIsBetter ? interval.low >= bar : interval.high <= bar;
    if (breached) {
      finding.state = "breached";
      finding.why = fmt::format("{}: {} than {} ({:.4g})", meanText(alias->number, present, interval),
                                rule.higherIsBetter ? "less" : "more", what, bar);
    } else if (!fine && finding.state == "fine") {
      finding.state = "watching";
    }
  };
  if (rule.threshold) {
    finding.evidence["threshold"] = *rule.threshold;
    compare(*rule.threshold, "the threshold");
  }
  if (!rule.margin || finding.state == "breached") return finding;
  finding.previous = before(transaction, key, registry::Pointer::alias(guard.alias), alias->number);
  if (finding.previous == 0) return finding;
  quality::Summary earlier = summaryOf(transaction, guard.asset, finding.previous, rule.metric, 0, now);
  if (earlier.count() < rule.minReports) return finding;
  rollout::Interval other = intervalOf(earlier);
  finding.evidence["previous"] = numbersOf(finding.previous, earlier, other);
  finding.evidence["margin"] = *rule.margin;
  compare(rule.higherIsBetter ? other.low - *rule.margin : other.high + *rule.margin,
          fmt::format("version {} less the margin", finding.previous));
  return finding;
}

struct StandingGuards::State {
  registry::Store& store;
  governance::Gate& gate;
  Repeater repeater;
  std::string holder = randomHex(8);

  /// True once for each version: the server that notes it acts.
  bool noteBreach(const StandingGuard& guard, const GuardFinding& finding) {
    return store.change(governance::standingGuardActor(), [&](registry::Change& change) {
      auto present = findGuard(change.transaction, guard.asset.key, guard.alias, guard.name);
      if (!present || present->body != guard.body || present->actedNumber == finding.version) return false;
      auto alias = registry::findAlias(change.transaction, guard.asset, guard.alias);
      if (!alias || alias->number != finding.version) return false;
      change.transaction.run("UPDATE standing_guard SET acted_number = $2, acted_at = $3, outcome = $4 WHERE id = $1",
                             {guard.id, finding.version, change.now, guard.rule.rollback ? "rolling back" : "alerted"});
      json::object data = finding.evidence;
      data["guard"] = guard.name;
      data["pointer"] = guard.alias;
      data["standing"] = true;
      data["why"] = finding.why;
      data["on_breach"] = guard.rule.rollback ? "rollback" : "alert";
      change.record(registry::Action::guardBreached, guard.asset.key.workspace,
                    guard.asset.key.subject(registry::Pointer::alias(guard.alias)), std::move(data));
      return true;
    });
  }

  std::string rollBack(const StandingGuard& guard, const GuardFinding& finding) {
    using Kind = governance::Gate::Outcome::Kind;
    const registry::AssetKey& key = guard.asset.key;
    access::Identity owner = store.read(
        [&](db::Transaction& transaction) { return access::identityOf(transaction, guard.setBy, nowMillis()); });
    if (!owner.may(access::Verb::write, key.workspace, key.name))
      return fmt::format("not rolled back: {}, who set the guard, may no longer write {}", guard.setBy, key.subject());
    try {
      auto outcome =
          gate.rollBackFrom(owner, governance::standingGuardActor(), key, registry::Pointer::alias(guard.alias),
                            finding.version, fmt::format("standing guard {}: {}", guard.name, finding.why));
      switch (outcome.kind) {
        case Kind::moved:
          return fmt::format("rolled back to version {}", outcome.to);
        case Kind::unchanged:
          return "it was moved meanwhile";
        case Kind::refused:
          return "a policy refused to roll it back";
        case Kind::pending:
          return fmt::format("waits for change request {}", outcome.changeRequest);
      }
    } catch (const Error& fault) {
      if (fault.code == Code::internal || fault.code == Code::corrupt) throw;
      return "not rolled back: " + fault.message;
    }
    return {};
  }

  bool look(const StandingGuard& guard) {
    GuardFinding finding =
        store.read([&](db::Transaction& transaction) { return judge(transaction, guard, nowMillis()); });
    store.write([&](db::Transaction& transaction) {
      transaction.run("UPDATE standing_guard SET state = $2, why = $3, checked_at = $4 WHERE id = $1",
                      {guard.id, finding.state, shorten(finding.why, outcomeLength), nowMillis()});
    });
    if (finding.state != "breached" || guard.actedNumber == finding.version || !noteBreach(guard, finding))
      return false;
    if (!guard.rule.rollback) return true;
    std::string outcome = rollBack(guard, finding);
    store.change(governance::standingGuardActor(), [&](registry::Change& change) {
      if (change.transaction.run("UPDATE standing_guard SET outcome = $2 WHERE id = $1",
                                 {guard.id, shorten(outcome, outcomeLength)}) == 0)
        return;
      change.record(registry::Action::standingGuardSet, guard.asset.key.workspace,
                    fmt::format("standing-guard/{}", guard.id),
                    {{"guard", guard.name}, {"asset", guard.asset.key.subject()}, {"outcome", outcome}});
    });
    return true;
  }
};

StandingGuards::StandingGuards(registry::Store& store, governance::Gate& gate)
    : state_(new State{.store = store,
                       .gate = gate,
                       .repeater = {"standing guards could not be checked and will be later", pauseBetween, [this] {
                                      round();
                                      return pauseBetween;
                                    }}}) {}
StandingGuards::~StandingGuards() { stop(); }

std::size_t StandingGuards::round() {
  State& state = *state_;
  auto guards = state.store.read([](db::Transaction& transaction) { return listGuards(transaction, 0); });
  if (guards.empty()) return 0;
  jobs::RoundLease lease(state.store, leaseName, state.holder, leaseMillis);
  std::size_t count = 0;
  for (const StandingGuard& guard : guards) {
    if (state.repeater.stopping() || !lease.take()) return count;
    if (state.look(guard)) ++count;
  }
  return count;
}

void StandingGuards::start() { state_->repeater.start(); }
void StandingGuards::stop() { state_->repeater.stop(); }

}  // namespace regesta::automation
