#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoint.h"
#include "registry/lineage.h"
#include "registry/version.h"

namespace regesta::api {

/// The source of a new version, from a client.
struct Claim {
  std::string source;
  std::optional<std::string> runId, modelId;
  bool prompt = false;
};

/// The resolved source.
struct Origin {
  std::string source, storage, runId, modelId;
  std::vector<registry::Edge> edges;                ///< `to` is set later to the version's subject
  std::vector<registry::VersionFile> files;         ///< the files at registration
  std::vector<std::set<std::string>> writers = {};  ///< of each of them, if they are in the tree
  std::vector<registry::VersionReference> references = {};
  std::string folder;   ///< their folder in the artifact tree, sealed with the version; empty: none
  bool copied = false;  ///< `folder` is new; the files must still be copied into it
  bool inTree = false;  ///< the files are on this server (possibly none)
  /// Sets the version's source. Seals the present state of the cited run.
  void fill(registry::Change& change, std::string_view workspace, registry::NewVersion& fresh) const;
};

/// Resolves a source in any spelling (registry/reference.h), for all fronts, and checks that the caller may read it. A
/// local path must be in the run or logged model of the request, as in MLflow; files of a known run or model must not
/// be claimed for another one; a folder shared by several runs or models cannot be a version. Files that the caller may
/// write are sealed in place; files that they may only read are copied, without those still being written. (MLflow 3.17
/// also refuses runs:/… of runs that do not exist; its earlier servers and tests do not. Such a version has no content
/// and passes no gate.) Throws Error{invalid}, Error{notFound} or Error{denied}.
Origin resolveSource(const Call& call, db::Transaction& transaction, Claim claim);

/// Whether a source to another place has "." or ".." in its path, in any encoding: it could point to this server.
bool takesDetours(std::string_view source);

/// What registering does besides the version itself: its lineage.
void addOriginEdges(registry::Change& change, const registry::Version& version, const Origin& origin);

}  // namespace regesta::api
