#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/json.h"

namespace regesta::tracking {

/// When runs of a sweep that are behind the others end early: Hyperband (Li et al., 2018), from W&B's member
/// early_terminate: {"type": "hyperband", "min_iter" or "max_iter" and "s", "eta"}.
struct EarlyStop {
  std::vector<std::int64_t> bands;  ///< numbers of values after which runs are compared, in order; not empty
  double eta = 3;                   ///< the best 1/eta go on
};
/// Nothing if the configuration has no such member. Throws Invalid that names the member.
std::optional<EarlyStop> readEarlyStop(const json::object& config);

/// Values of one run's metric, oldest first.
using Curve = std::vector<double>;

/// Whether `run` should end: at the last band that it has passed, its value is worse than that of the best 1/eta of
/// `all` runs (itself among them) that have passed it, too.
bool isBehind(const EarlyStop& stop, bool maximize, const Curve& run, const std::vector<Curve>& all);

}  // namespace regesta::tracking
