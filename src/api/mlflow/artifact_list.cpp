#include "api/mlflow/artifact_list.h"

#include "api/mlflow/artifact_place.h"

namespace regesta::api::mlflow {

wire::FileList listBelow(const Call& call, std::string_view artifactUri, std::string_view path) {
  wire::FileList list{.root_uri = std::string(artifactUri)};
  std::string inner = path.empty() ? std::string() : registry::safePath(path);
  for (const registry::TreeItem& item : listPlace(call.core, call.workspace, placeOf(call.core, artifactUri, inner))) {
    std::string name = inner.empty() ? item.name : fmt::format("{}/{}", inner, item.name);
    list.files.push_back({name, item.folder, item.folder ? std::nullopt : std::optional(item.size)});
  }
  return list;
}

}  // namespace regesta::api::mlflow
