#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/run.h"

namespace regesta::tracking {

struct RunSearch {
  std::vector<std::int64_t> experiments;  ///< unknown ones have no runs
  std::string filter;
  std::vector<std::string> orderBy;  ///< then, or when empty: newest start first, then run id
  View view = View::activeOnly;
  std::int64_t maxResults = 1000;
  std::string pageToken;
};

/// MLflow's search over runs. One pass over the experiments' rows reads the columns that filter and order name and
/// keeps the page; only then are the page's runs read whole.
Page<Run> searchRuns(db::Session& session, std::string_view workspace, const RunSearch& search);
/// How many runs match, on all pages together.
std::int64_t countRuns(db::Session& session, std::string_view workspace, const RunSearch& search);

}  // namespace regesta::tracking
