#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/core.h"
#include "blob/store.h"
#include "registry/tree.h"

namespace regesta::api::mlflow {

/// Where an artifact URI leads. `mlflow-artifacts:/…` and http://…/api/2.0/mlflow-artifacts/artifacts/… are our own
/// tree. A `file:` URI or plain path is read on this machine's disk, and only below --default-artifact-root when that
/// is such a root itself: clients name locations, and a location must not open the rest of the disk. Everything else
/// (s3:, …) the client reaches by itself.
struct Place {
  enum class Kind { tree, local, foreign };
  Kind kind = Kind::foreign;
  std::string path;  ///< tree: path in the tree; local: absolute path
};

/// `inner` is appended to the URI's path after registry::safePath. Throws Error{invalid} for an unsafe one.
Place placeOf(const Core& core, std::string_view uri, std::string_view inner = {});

/// Direct children by name; empty for a file, a missing folder and a foreign place.
std::vector<registry::TreeItem> listPlace(const Core& core, std::string_view workspace, const Place& place);

/// Null when there is no such file.
std::unique_ptr<blob::Reader> openPlace(const Core& core, std::string_view workspace, const Place& place);

}  // namespace regesta::api::mlflow
