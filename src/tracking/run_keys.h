#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/run.h"

namespace regesta::tracking {

struct KeyCount {
  std::string key;
  std::int64_t runs = 0;  ///< number of runs with the key
};
/// Keys that runs have logged, as columns for a table of them. The most common first, then by name.
struct RunKeys {
  std::vector<KeyCount> metrics, params, tags;
  std::int64_t runs = 0;  ///< number of inspected runs
};

/// Keys of the `newest` active runs, evenly divided among the experiments; at most limits::runKeys of each kind.
/// Unknown experiments have none.
RunKeys runKeys(db::Transaction& transaction, std::string_view workspace, const std::vector<std::int64_t>& experiments,
                std::size_t newest);

/// At most `most` metrics of these runs, the most common first, then by name.
std::vector<std::string> commonestMetrics(const std::vector<Run>& runs, std::size_t most);

}  // namespace regesta::tracking
