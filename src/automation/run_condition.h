#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "tracking/pack.h"
#include "tracking/run.h"

namespace regesta::automation {

/// What a run must reach for a trigger: one of some states, or a value of a metric.
struct RunCondition {
  std::vector<std::string> states;  ///< running, finished, failed
  std::string metric;               ///< empty: states
  std::string aggregate;            ///< max, min or average of the last `window` values; empty: each value
  std::int64_t window = 1;
  std::string is;         ///< >, >=, <, <=: how the value must compare to `value`; empty: it must change
  double value = 0;       ///< for a change, by how much at least
  std::string change;     ///< increase, decrease or any, against the `prior` values before the window
  bool relative = false;  ///< of a change: to the value before
  std::int64_t prior = 1;
};

struct RunMatch {
  std::string state;
  std::string metric = {};
  double value = 0;
  std::int64_t step = 0;
};

/// Reads and checks member "run" of a trigger. Throws Invalid that names the member.
RunCondition readRunCondition(const json::object& run);
/// "running", "finished" or "failed"; empty for a run that is scheduled.
std::string_view stateOf(tracking::RunStatus status);
/// The first of the points at which the condition holds, of those with a timestamp from `since` on. `points` are all of
/// the metric, in their order.
std::optional<RunMatch> findMatch(const RunCondition& condition, const std::vector<tracking::Metric>& points,
                                  std::int64_t since);

}  // namespace regesta::automation
