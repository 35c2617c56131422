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

/// The aggregates of each `window` values in a row; those that end with point i are at i. Before the first whole
/// window, they mean nothing. Linear in the points however long the window is (van Herk, Pattern Recognition Letters
/// 13, 1992): a window is the end of one block and the beginning of the next.
std::vector<double> aggregates(std::string_view aggregate, const std::vector<tracking::Metric>& points,
                               std::size_t window) {
  auto both = [&](double a, double b) {
    return aggregate == "max" ? std::max(a, b) : aggregate == "min" ? std::min(a, b) : a + b;
  };
  std::size_t count = points.size();
  std::vector<double> begins(count), ends(count);
  for (std::size_t i = 0; i < count; ++i)
    begins[i] = i % window == 0 ? points[i].value : both(begins[i - 1], points[i].value);
  for (std::size_t i = count; i-- > 0;)
    ends[i] = i + 1 == count || (i + 1) % window == 0 ? points[i].value : both(points[i].value, ends[i + 1]);
  for (std::size_t i = window - 1; i < count; ++i) {
    std::size_t first = i + 1 - window;
    double value = first % window == 0 ? begins[i] : both(ends[first], begins[i]);
    begins[i] = aggregate == "average" ? value / static_cast<double>(window) : value;
  }
  return begins;
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
  if (points.size() < window + prior) return std::nullopt;
  std::vector<double> values = aggregates(condition.aggregate, points, window), before;
  if (prior > 0) before = aggregates(condition.aggregate, points, prior);
  for (std::size_t i = window + prior - 1; i < points.size(); ++i) {
    if (points[i].timestamp < since) continue;
    bool holds = prior == 0 ? compares(condition, values[i]) : changes(condition, before[i - window], values[i]);
    if (holds) return RunMatch{.state = {}, .metric = condition.metric, .value = values[i], .step = points[i].step};
  }
  return std::nullopt;
}

}  // namespace regesta::automation
