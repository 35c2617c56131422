#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoint.h"
#include "registry/tree.h"
#include "registry/version.h"

namespace regesta::api::mlflow {

// The files of model versions that came without a folder of the artifact tree: uploaded, pushed by DVC, or committed by
// a Hub client. MLflow's client reads them below versions/NAME/NUMBER of the tree, where nothing can be written.

/// Where MLflow's client finds the version's files; empty: where its storage or source says.
std::string versionTreeUri(db::Transaction& transaction, const registry::Version& version);

struct VersionPath {
  registry::Version version;
  std::string inner;  ///< below the version's root; may be empty
};
/// Nothing for any other path, and for a version that does not exist, is out of the caller's reach, or has its files
/// elsewhere.
std::optional<VersionPath> findVersionPath(const Call& call, db::Transaction& transaction, std::string_view path);

std::vector<registry::TreeItem> listVersionFolder(db::Transaction& transaction, const VersionPath& folder);

}  // namespace regesta::api::mlflow
