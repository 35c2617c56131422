#include "api/mlflow/artifact_list.h"

#include "api/mlflow/artifact_place.h"
#include "api/tracking_scope.h"

namespace regesta::api::mlflow {

wire::FileList listBelow(const Call& call, std::string_view artifactUri, std::string_view path) {
  wire::FileList list{.root_uri = std::string(artifactUri)};
  std::string inner = path.empty() ? std::string() : registry::safePath(path);
  Place place = placeOf(call, artifactUri, inner);
  if (place.kind != Place::Kind::foreign)
    call.core.store.read(
        [&](db::Transaction& transaction) { requirePath(call, access::Verb::read, transaction, place.path); });
  for (const registry::TreeItem& item : listPlace(call.core, call.workspace, place)) {
    std::string name = inner.empty() ? item.name : fmt::format("{}/{}", inner, item.name);
    list.files.push_back({name, item.folder, item.folder ? std::nullopt : std::optional(item.size)});
  }
  return list;
}

}  // namespace regesta::api::mlflow
