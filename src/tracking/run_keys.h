#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/run.h"

namespace regesta::tracking {

struct KeyCount {
  std::string key;
  std::int64_t runs = 0;  ///< that have it
};
/// What runs have logged: the columns that a table of them can have. The most common first, then by name.
struct RunKeys {
  std::vector<KeyCount> metrics, params, tags;
  std::int64_t runs = 0;  ///< that were looked at
};

/// Of the newest active runs of the experiments, `newest` in all, shared evenly; at most limits::runKeys of each kind.
/// Unknown experiments have none.
RunKeys runKeys(db::Session& session, std::string_view workspace, const std::vector<std::int64_t>& experiments,
                std::size_t newest);

/// The metrics that most of these runs have, at most `most`: the most common first, then by name.
std::vector<std::string> commonestMetrics(const std::vector<Run>& runs, std::size_t most);

}  // namespace regesta::tracking
