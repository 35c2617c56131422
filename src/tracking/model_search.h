#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/logged_model.h"
#include "tracking/run.h"

namespace regesta::tracking {

/// Restricts metrics to those measured on a dataset. `digest` empty: any.
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
  std::vector<std::string> experiments;  ///< decimal ids as sent, because the page token repeats them
  std::string filter;
  std::vector<OnDataset> datasets;  ///< only metrics measured on one of these count
  std::vector<ModelOrder> orderBy;  ///< then newest first, then id
  std::int64_t maxResults = 50;
  std::string pageToken;
};

/// MLflow's search over logged models. A page token is valid only for its query; otherwise Error{invalid}.
Page<LoggedModel> searchLoggedModels(db::Transaction& transaction, std::string_view workspace,
                                     const ModelSearch& search);

}  // namespace regesta::tracking
