#include "api/mlflow/artifacts.h"

#include "api/mlflow/artifact_scope.h"
#include "api/mlflow/tracking_wire.h"
#include "registry/tree.h"

namespace regesta::api::mlflow {
namespace {

using governance::Verb;

struct ListRequest {
  std::string path;
  static constexpr Field fields[] = {field<&ListRequest::path>("path")};
};
struct ListAnswer {
  std::vector<wire::FileInfo> files;
  static constexpr Field fields[] = {field<&ListAnswer::files>("files")};
};
struct PathRequest {
  std::string path;
  static constexpr Field fields[] = {field<&PathRequest::path>("path", required)};
};

/// Names only: the client joins them with the path it asked for.
ListAnswer list(Call& call, const ListRequest& in) {
  std::string folder = registry::safePath(in.path);
  return call.core.store.read([&](db::Session& session) {
    requireArtifact(call, Verb::read, session, folder);
    ListAnswer answer;
    for (const registry::TreeItem& item : registry::listFolder(session, call.workspace, folder))
      answer.files.push_back({item.name, item.folder, item.folder ? std::nullopt : std::optional(item.size)});
    return answer;
  });
}

Nothing remove(Call& call, const PathRequest& in) {
  std::string path = registry::safePath(in.path);
  if (path.empty()) throw Error(Code::invalid, "Invalid path: the whole tree cannot be deleted");
  call.core.store.write([&](db::Session& session) {
    requireArtifact(call, Verb::write, session, path);
    registry::removeTree(session, call.workspace, path);
  });
  return {};
}

// The client falls back to plain transfers when it reads these.
Nothing multipart(Call&, const Nothing&) {
  throw Error(Code::unsupported, "Multipart upload is not supported for the current artifact repository");
}
Nothing multipartDownload(Call&, const Nothing&) {
  throw Error(Code::unsupported, "Multipart download is not supported for the current artifact repository");
}
Nothing presignedUpload(Call&, const Nothing&) {
  throw Error(Code::unsupported, "Presigned upload is not supported for the current artifact repository");
}
Nothing presignedDownload(Call&, const Nothing&) {
  throw Error(Code::unsupported, "Presigned download is not supported for the current artifact repository");
}

}  // namespace

std::span<const Route> artifactRoutes() {
  static const Route routes[] = {
      get("/api/2.0/mlflow-artifacts/artifacts", scanning(reads("artifacts")), list),
      del("/api/2.0/mlflow-artifacts/artifacts/{path...}", writes("artifacts"), remove),
      post("/api/2.0/mlflow-artifacts/mpu/create/{path...}", writes("artifacts"), multipart),
      post("/api/2.0/mlflow-artifacts/mpu/complete/{path...}", writes("artifacts"), multipart),
      post("/api/2.0/mlflow-artifacts/mpu/abort/{path...}", writes("artifacts"), multipart),
      get("/api/2.0/mlflow-artifacts/presigned/{path...}", reads("artifacts"), multipartDownload),
      post("/api/2.0/mlflow/artifacts/presigned-upload-url", writes("artifacts"), presignedUpload),
      post("/api/2.0/mlflow/artifacts/presigned-download-url", reads("artifacts"), presignedDownload),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
