#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoint.h"
#include "blob/store.h"
#include "registry/tree.h"

namespace regesta::api::mlflow {

/// The place of an artifact URI. `mlflow-artifacts:/…`, `s3://<workspace>/…` and
/// http://…/api/2.0/mlflow-artifacts/artifacts/… are this server's tree. A `file:` URI or plain path is read from this
/// machine's disk, but only below a local --default-artifact-root, because clients choose locations. Clients access all
/// others (s3: with another bucket, …) directly.
struct Place {
  enum class Kind { tree, local, foreign };
  Kind kind = Kind::foreign;
  std::string path;  ///< tree: path in the tree; local: absolute path
};

/// `inner` is appended to the URI's path after registry::safePath. Throws Error{invalid} for an unsafe one.
Place placeOf(const Call& call, std::string_view uri, std::string_view inner = {});

/// Direct children by name; empty for a file, a missing folder and another place.
std::vector<registry::TreeItem> listPlace(const Core& core, std::string_view workspace, const Place& place);

/// Null if there is no such file.
std::unique_ptr<blob::Reader> openPlace(const Core& core, std::string_view workspace, const Place& place);

}  // namespace regesta::api::mlflow
