#include "api/mlflow/artifact_find.h"

#include "api/mlflow/artifact_place.h"
#include "api/mlflow/registry_rules.h"
#include "api/mlflow/version_tree.h"
#include "api/tracking_scope.h"
#include "base/text.h"
#include "registry/commit.h"
#include "registry/tree.h"
#include "tracking/logged_model.h"
#include "tracking/run.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;

[[noreturn]] void absent(std::string_view path) {
  throw error(Code::notFound, "No such artifact: '{}'", shorten(path, 500));
}

ArtifactFile openBlob(const Call& call, const std::string& path, const std::string& digest) {
  ArtifactFile file{call.core.blobs.open(digest), path, digest};
  if (!file.reader) throw error(Code::corrupt, "The content of '{}' is missing from the store", path);
  return file;
}

[[noreturn]] void absentFromTree(const Call& call, const std::string& path) {
  bool folder = call.core.store.read(
      [&](db::Transaction& transaction) { return registry::holdsFiles(transaction, call.workspace, path); });
  if (folder) throw error(Code::invalid, "Artifact path refers to a directory, not a file: '{}'", shorten(path, 500));
  absent(path);
}

ArtifactFile openTree(const Call& call, const std::string& path) {
  std::optional<registry::TreeFile> found = call.core.store.read(
      [&](db::Transaction& transaction) { return registry::findFile(transaction, call.workspace, path); });
  if (!found) absentFromTree(call, path);
  return openBlob(call, path, found->digest);
}

/// The path `inner` below an artifact URI of any scheme.
ArtifactFile openBelow(const Call& call, const std::string& uri, const std::string& inner) {
  Place place = placeOf(call, uri, inner);
  if (place.kind == Place::Kind::foreign) absent(inner);
  // The URI may come from the caller (a source, a tag), so the owner of the place that it points to decides.
  call.core.store.read([&](db::Transaction& transaction) { requirePath(call, Verb::read, transaction, place.path); });
  if (place.kind == Place::Kind::tree) return openTree(call, place.path);
  ArtifactFile file{openPlace(call.core, call.workspace, place), inner, {}};
  if (!file.reader) absent(inner);
  return file;
}

/// The path as the query gives it, made safe.
std::string pathParameter(const Call& call, std::string_view name) {
  std::string path = registry::safePath(queryValue(call.http, name));
  if (path.empty()) throw registry::PathError(fmt::format("parameter '{}' is missing", name));
  return path;
}

}  // namespace

std::string queryValue(const http::Request& request, std::string_view name) {
  for (auto& [key, value] : http::parseQuery(request.query))
    if (key == name) return value;
  return {};
}

ArtifactFile findProxied(const Call& call) {
  std::string path = registry::safePath(call.http.variable("path"));
  auto fixed = call.core.store.read([&](db::Transaction& transaction) -> std::optional<registry::VersionFile> {
    if (auto version = findVersionPath(call, transaction, path)) {
      auto file = registry::findVersionFile(transaction, version->version, version->inner);
      if (!file) absent(path);
      return file;
    }
    requirePath(call, Verb::read, transaction, path);
    return std::nullopt;
  });
  return fixed ? openBlob(call, path, fixed->digest) : openTree(call, path);
}

ArtifactFile findRunFile(const Call& call) {
  std::string path = pathParameter(call, "path");
  std::string runId = queryValue(call.http, "run_id");
  if (runId.empty()) runId = queryValue(call.http, "run_uuid");
  std::string uri = call.core.store.read([&](db::Transaction& transaction) {
    requireRun(call, Verb::read, transaction, runId);
    return tracking::getRun(transaction, call.workspace, runId).artifactUri;
  });
  return openBelow(call, uri, path);
}

ArtifactFile findVersionFile(const Call& call) {
  std::string path = pathParameter(call, "path");
  std::string uri;
  std::optional<registry::VersionFile> fixed = call.core.store.read([&](db::Transaction& transaction) {
    registry::Version version =
        getModelVersion(call, transaction, Verb::read, queryValue(call.http, "name"), queryValue(call.http, "version"));
    uri = version.storage.empty() ? version.source : version.storage;
    return registry::findVersionFile(transaction, version, path);
  });
  if (fixed) return openBlob(call, path, fixed->digest);
  // Later files in its folder do not belong to the version. Files stored elsewhere are read in place.
  if (placeOf(call, uri).kind == Place::Kind::tree) absent(path);
  return openBelow(call, uri, path);
}

std::string readBelow(const Call& call, const std::string& uri, const std::string& path, std::uint64_t limit) {
  ArtifactFile file = openBelow(call, uri, path);
  if (file.reader->size() > limit) throw error(Code::tooLarge, "'{}' is larger than {} bytes", path, limit);
  std::string content(file.reader->size(), '\0');
  content.resize(file.reader->read(0, content));
  return content;
}

ArtifactFile findModelFile(const Call& call) {
  if (queryValue(call.http, "artifact_file_path").empty())
    throw Error(Code::invalid, "Request must include the \"artifact_file_path\" query parameter.");
  std::string path = pathParameter(call, "artifact_file_path");
  std::string modelId(call.http.variable("model_id"));
  std::string uri = call.core.store.read([&](db::Transaction& transaction) {
    requireModel(call, Verb::read, transaction, modelId);
    return tracking::getLoggedModel(transaction, call.workspace, modelId).artifactUri;
  });
  return openBelow(call, uri, path);
}

}  // namespace regesta::api::mlflow
