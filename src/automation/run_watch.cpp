#include "automation/run_watch.h"

#include <algorithm>

#include "base/text.h"
#include "base/time.h"
#include "tracking/experiment.h"
#include "tracking/history.h"

namespace regesta::automation {
namespace {

constexpr std::int64_t overlapMillis = 10 * 60'000;  // clients say when a run ended, and clocks differ
constexpr std::size_t mostRuns = 1000, mostSeen = 100'000;

}  // namespace

std::vector<RunWatch::Candidate> RunWatch::candidates(const Trigger& trigger, std::int64_t endedSince) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM run WHERE workspace = $1 AND experiment = $2 AND stage = 0 AND (end_time IS NULL OR end_time >= "
      "$3) AND NOT EXISTS (SELECT 1 FROM trigger_firing f WHERE f.rule = $4 AND f.cause = -run.id) ORDER BY id DESC "
      "LIMIT $5",
      tracking::runColumns);
  return store_.read([&](db::Transaction& transaction) {
    std::vector<Candidate> found;
    for (const tracking::Experiment& one :
         tracking::listExperiments(transaction, trigger.workspace, tracking::View::activeOnly)) {
      if (!globMatch(trigger.rule.names, one.name)) continue;
      db::Rows rows = transaction.query(sql, {trigger.workspace, one.id, endedSince, trigger.id, mostRuns});
      while (rows.next()) {
        tracking::Run run = tracking::readRun(rows);
        auto known = seen_.find({trigger.id, run.row});
        if (known == seen_.end() || known->second != std::pair(trigger.setAt, run.revision))
          found.push_back({std::move(run), one.name});
      }
    }
    return found;
  });
}

std::optional<RunMatch> RunWatch::look(const Trigger& trigger, const tracking::Run& run) {
  const RunCondition& condition = *trigger.rule.run;
  std::string state(stateOf(run.status));
  std::optional<RunMatch> match;
  if (condition.metric.empty()) {
    bool lately = (state == "running" ? run.startTime : run.endTime.value_or(0)) >= trigger.setAt;
    if (lately && std::ranges::find(condition.states, state) != condition.states.end()) match.emplace();
  } else if (std::ranges::find(run.metrics, condition.metric, &tracking::Metric::key) != run.metrics.end()) {
    match = store_.read([&](db::Transaction& transaction) {
      return findMatch(condition, tracking::metricHistory(transaction, run.workspace, run.runId, condition.metric),
                       trigger.setAt);
    });
  }
  if (match) match->state = state;
  return match;
}

void RunWatch::round(const std::vector<Trigger>& triggers,
                     const std::function<void(const Trigger& trigger, const TriggerEvent& event)>& fire) {
  std::int64_t now = nowMillis(), since = lastRound_ - overlapMillis;
  if (seen_.size() > mostSeen) seen_.clear();
  for (const Trigger& trigger : triggers) {
    if (!trigger.rule.run) continue;
    for (const Candidate& one : candidates(trigger, std::max(trigger.setAt, since))) {
      if (auto match = look(trigger, one.run)) fire(trigger, runEventOf(one.run, one.experiment, *match, now));
      seen_[{trigger.id, one.run.row}] = {trigger.setAt, one.run.revision};
    }
  }
  lastRound_ = now;
}

}  // namespace regesta::automation
