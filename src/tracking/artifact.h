#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "db/database.h"

namespace regesta::tracking {

/// The folder in the workspace's tree (registry/tree.h) behind an artifact URI that clients reach through this server:
/// mlflow-artifacts:/1/<run>/artifacts is 1/<run>/artifacts. Empty optional for every other place: the server does not
/// have those files.
std::optional<std::string> treeFolder(std::string_view artifactUri);

struct FolderDigest {
  std::size_t files = 0;
  std::string digest;  ///< as a version of these files would have; empty when there are none
};
FolderDigest digestOfFolder(db::Session& session, std::string_view workspace, std::string_view folder);

}  // namespace regesta::tracking
