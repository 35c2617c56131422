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
  std::vector<std::string> orderBy;  ///< then newest start first, then run id
  View view = View::activeOnly;
  std::int64_t maxResults = 1000;
  std::string pageToken;
};

/// MLflow's search over runs. One pass over the experiments' rows reads the columns that filter and order need and
/// finds the page; then the page's runs are read completely.
Page<Run> searchRuns(db::Transaction& transaction, std::string_view workspace, const RunSearch& search);
/// The number of matching runs on all pages.
std::int64_t countRuns(db::Transaction& transaction, std::string_view workspace, const RunSearch& search);

}  // namespace regesta::tracking
