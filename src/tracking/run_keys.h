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

/// Of the newest active runs of the experiments, limits::runsForKeys in all, shared evenly; at most limits::runKeys of
/// each kind. Unknown experiments have none.
RunKeys runKeys(db::Session& session, std::string_view workspace, const std::vector<std::int64_t>& experiments);

}  // namespace regesta::tracking
