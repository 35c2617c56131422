#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

namespace regesta::tracking {

/// What a sweep searches, from a configuration in W&B's form: {"method","metric":{"name","goal"},"parameters":{…},
/// "run_cap","early_terminate" (sweep_stop.h)}. A parameter is {"value"}, {"values","probabilities"}, a range
/// {"min","max"} with a "distribution", or
/// {"parameters"} of its own.
struct SweepPlan {
  enum class Method { random, grid, bayes };
  Method method = Method::random;
  std::string metric;
  bool maximize = false;
  std::int64_t runCap = 0;  ///< 0: none
  json::object parameters;
};
/// Throws Invalid that names the member.
SweepPlan readSweepPlan(const json::object& config);
/// Trials of a grid; nothing: the method ends by the cap only, or by hand.
std::optional<std::int64_t> trialsExpected(const SweepPlan& plan);

/// Settings that were tried, and the metric's value if the run has ended and has one.
using Tried = std::pair<json::object, std::optional<double>>;

/// The settings of the trial after those; nothing: the search is finished. The same arguments give the same settings.
/// bayes: a tree-structured Parzen estimator (Bergstra et al., 2011) after some random trials.
std::optional<json::object> nextTrial(const SweepPlan& plan, const std::vector<Tried>& before, std::uint64_t seed);

}  // namespace regesta::tracking
