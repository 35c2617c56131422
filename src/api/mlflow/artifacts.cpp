#include "api/mlflow/artifacts.h"

#include "api/mlflow/artifact_find.h"
#include "api/mlflow/tracking_wire.h"
#include "api/mlflow/version_tree.h"
#include "api/signed_address.h"
#include "api/tracking_scope.h"
#include "base/encoding.h"
#include "registry/tree.h"
#include "tracking/artifact.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;

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

/// Names only: the client joins them with the path it asked for. In a folder above those that the caller may read, only
/// the ways to these are shown.
ListAnswer list(Call& call, const ListRequest& in) {
  std::string folder = registry::safePath(in.path);
  return call.core.store.read([&](db::Transaction& transaction) {
    governance::Scope scope = scopeOf(call, transaction);
    if (auto version = findVersionPath(call, transaction, folder)) {
      ListAnswer answer;
      for (const registry::TreeItem& item : listVersionFolder(transaction, *version))
        answer.files.push_back({item.name, item.folder, item.folder ? std::nullopt : std::optional(item.size)});
      return answer;
    }
    bool whole = scope.path(Verb::read, folder);
    if (!whole && !scope.leadsToReadable(folder)) requirePath(call, Verb::read, transaction, folder);
    ListAnswer answer;
    for (const registry::TreeItem& item : registry::listFolder(transaction, call.workspace, folder)) {
      std::string path = folder.empty() ? item.name : fmt::format("{}/{}", folder, item.name);
      if (!whole && !scope.leadsToReadable(path)) continue;
      answer.files.push_back({item.name, item.folder, item.folder ? std::nullopt : std::optional(item.size)});
    }
    return answer;
  });
}

Empty remove(Call& call, const PathRequest& in) {
  std::string path = registry::safePath(in.path);
  if (path.empty()) throw registry::PathError("the whole tree cannot be deleted");
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    if (!scopeOf(call, change.transaction).subtree(Verb::write, path))
      throw governance::lacking(*call.identity, Verb::write, call.workspace, "path");
    tracking::removeArtifacts(change, call.workspace, path);
  });
  return {};
}

struct SignedFile {
  std::string url;
  std::int64_t file_size = 0;
  static constexpr Field fields[] = {field<&SignedFile::url>("url"), field<&SignedFile::file_size>("file_size")};
};

/// Clients fetch ranges of the file side by side, without their credentials.
SignedFile signFile(Call& call, const PathRequest& in) {
  ArtifactFile file = findProxied(call);
  std::string path = registry::safePath(in.path);
  return {SignedAddresses(call, signedArtifact(path))
              .of(fmt::format("{}{}", signedArtifactPath, percentEncode(path, true))),
          static_cast<std::int64_t>(file.reader->size())};
}

// Clients then transfer through the routes above.
Empty presignedUpload(Call&, const Empty&) {
  throw Error(Code::invalid,
              "Presigned upload is not supported for proxied artifact storage (artifact URI scheme: mlflow-artifacts). "
              "This endpoint requires a direct cloud storage artifact URI.");
}
Empty presignedDownload(Call&, const Empty&) {
  throw Error(Code::unsupported, "Presigned download is not supported for the current artifact repository");
}

}  // namespace

std::span<const Route> artifactRoutes() {
  static const Route routes[] = {
      get("/api/2.0/mlflow-artifacts/artifacts", "List a folder of the artifact tree",
          scanning(reads(artifactsOfOwner)), list),
      del("/api/2.0/mlflow-artifacts/artifacts/{path...}", "Delete an artifact or a folder", writes(artifactsOfOwner),
          remove),
      get("/api/2.0/mlflow-artifacts/presigned/{path...}", "Sign an address to download an artifact",
          searching(reads(artifactsOfOwner)), signFile),
      post("/api/2.0/mlflow/artifacts/presigned-upload-url", "Create a presigned upload URL (not supported)",
           writes(artifactsOfRun), presignedUpload),
      post("/api/2.0/mlflow/artifacts/presigned-download-url", "Create a presigned download URL (not supported)",
           reads(artifactsOfRun), presignedDownload),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
