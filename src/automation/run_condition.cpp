#include "automation/run_condition.h"

#include <algorithm>
#include <cmath>

#include "automation/trigger_member.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

namespace regesta::automation {
namespace {

constexpr std::int64_t longestWindow = 10'000;

void requireOneOf(const std::string& value, std::string_view field, std::initializer_list<std::string_view> known) {
  if (std::ranges::find(known, value) == known.end())
    throw Invalid(std::string(field), fmt::format("must be one of {}", fmt::join(known, ", ")));
}

void readStates(const json::object& run, RunCondition& condition) {
  const json::value* states = run.if_contains("states");
  if (!states) return;
  if (!states->is_array() || states->get_array().empty()) throw Invalid("run.states", "must be a list of states");
  for (const json::value& one : states->get_array()) {
    std::string state = one.is_string() ? std::string(one.get_string()) : "";
    requireOneOf(state, "run.states", {"running", "finished", "failed"});
    condition.states.push_back(std::move(state));
  }
}

double numberOf(const json::object& run, std::string_view name, std::string_view field) {
  const json::value* found = run.if_contains(name);
  if (!found || !found->is_number() || !std::isfinite(found->to_number<double>()))
    throw Invalid(std::string(field), "must be a number");
  return found->to_number<double>();
}

void readMetric(const json::object& run, RunCondition& condition) {
  condition.aggregate = memberTextOf(run, "aggregate", "run.aggregate");
  if (!condition.aggregate.empty()) requireOneOf(condition.aggregate, "run.aggregate", {"max", "min", "average"});
  condition.window = memberCountOf(run, "window", "run.window", 1, longestWindow);
  if (condition.aggregate.empty()) condition.window = 1;
  condition.is = memberTextOf(run, "is", "run.is");
  condition.change = memberTextOf(run, "changes", "run.changes");
  if (condition.is.empty() == condition.change.empty()) throw Invalid("run", "set exactly one of 'is' and 'changes'");
  if (!condition.is.empty()) {
    requireOneOf(condition.is, "run.is", {">", ">=", "<", "<="});
    condition.value = numberOf(run, "value", "run.value");
    return;
  }
  requireOneOf(condition.change, "run.changes", {"increase", "decrease", "any"});
  condition.value = numberOf(run, "by", "run.by");
  if (condition.value <= 0) throw Invalid("run.by", "must be more than 0");
  condition.prior = memberCountOf(run, "prior_window", "run.prior_window", condition.window, longestWindow);
  if (condition.aggregate.empty()) condition.prior = 1;
  if (const json::value* relative = run.if_contains("relative")) condition.relative = *relative == json::value(true);
}

double aggregateOf(std::string_view aggregate, const tracking::Metric* first, const tracking::Metric* end) {
  double result = first->value;
  for (const tracking::Metric* one = first + 1; one != end; ++one)
    result = aggregate == "max"   ? std::max(result, one->value)
             : aggregate == "min" ? std::min(result, one->value)
                                  : result + one->value;
  return aggregate == "average" ? result / static_cast<double>(end - first) : result;
}

bool compares(const RunCondition& condition, double value) {
  if (condition.is == ">") return value > condition.value;
  if (condition.is == ">=") return value >= condition.value;
  if (condition.is == "<") return value < condition.value;
  return value <= condition.value;
}

bool changes(const RunCondition& condition, double before, double value) {
  double change = value - before;
  if (condition.relative) change /= std::abs(before);  // by 0: infinite, or not a number, which compares with nothing
  if (condition.change == "increase") return change >= condition.value;
  if (condition.change == "decrease") return -change >= condition.value;
  return std::abs(change) >= condition.value;
}

}  // namespace

RunCondition readRunCondition(const json::object& run) {
  requireKnownMembers(
      run, "run",
      {"states", "metric", "aggregate", "window", "is", "value", "changes", "by", "relative", "prior_window"});
  RunCondition condition;
  readStates(run, condition);
  condition.metric = memberTextOf(run, "metric", "run.metric");
  if (condition.states.empty() == condition.metric.empty())
    throw Invalid("run", "set exactly one of 'states' and 'metric'");
  if (condition.metric.size() > limits::trackingKeyLength || !isUtf8(condition.metric))
    throw Invalid("run.metric", fmt::format("must be at most {} bytes", limits::trackingKeyLength));
  if (!condition.metric.empty()) readMetric(run, condition);
  return condition;
}

std::string_view stateOf(tracking::RunStatus status) {
  if (status == tracking::RunStatus::running) return "running";
  if (status == tracking::RunStatus::finished) return "finished";
  return tracking::isTerminal(status) ? "failed" : "";
}

std::optional<RunMatch> findMatch(const RunCondition& condition, const std::vector<tracking::Metric>& points,
                                  std::int64_t since) {
  std::size_t window = static_cast<std::size_t>(condition.window);
  std::size_t prior = condition.is.empty() ? static_cast<std::size_t>(condition.prior) : 0;
  for (std::size_t end = window + prior; end <= points.size(); ++end) {
    const tracking::Metric& last = points[end - 1];
    if (last.timestamp < since) continue;
    const tracking::Metric* current = points.data() + (end - window);
    double value = aggregateOf(condition.aggregate, current, points.data() + end);
    bool holds = prior == 0 ? compares(condition, value)
                            : changes(condition, aggregateOf(condition.aggregate, current - prior, current), value);
    if (holds) return RunMatch{.state = {}, .metric = condition.metric, .value = value, .step = last.step};
  }
  return std::nullopt;
}

}  // namespace regesta::automation
