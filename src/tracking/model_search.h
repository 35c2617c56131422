#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/logged_model.h"
#include "tracking/run.h"

namespace regesta::tracking {

/// Restricts metrics to those that were measured on a dataset. `digest` empty: any.
struct OnDataset {
  std::string name, digest;
  bool fits(const std::string& datasetName, const std::string& datasetDigest) const {
    return datasetName == name && (digest.empty() || datasetDigest == digest);
  }
};

struct ModelOrder {
  std::string field;  ///< an attribute, or "metrics.<key>"
  bool ascending = true;
  OnDataset dataset;  ///< name empty: any dataset
};

struct ModelSearch {
  std::vector<std::string> experiments;  ///< decimal ids, as they came: the page token repeats them
  std::string filter;
  std::vector<OnDataset> datasets;  ///< metrics count only when measured on one of these
  std::vector<ModelOrder> orderBy;  ///< then, or when empty: newest first, then id
  std::int64_t maxResults = 50;
  std::string pageToken;
};

/// MLflow's search over logged models. A token is good for the query it came from only; Error{invalid} otherwise.
Page<LoggedModel> searchLoggedModels(db::Session& session, std::string_view workspace, const ModelSearch& search);

}  // namespace regesta::tracking
