#pragma once
#include <optional>
#include <string>
#include <vector>

#include "api/endpoint.h"
#include "registry/version.h"

namespace regesta::api::wandb {

/// Projects of this name are W&B's registries. Those of models and datasets hold the models and datasets of the
/// workspace.
inline constexpr std::string_view registryPrefix = "wandb-registry-";
bool isRegistry(std::string_view project);

/// The asset of a collection: "model/NAME" and "dataset/NAME" for the registries of models and datasets, otherwise
/// "artifact/PROJECT/NAME".
registry::AssetKey assetOf(std::string_view entity, std::string_view project, std::string_view collection);
struct Collection {
  std::string project, name;
};
/// Empty for an asset that is not a collection.
std::optional<Collection> collectionOf(const registry::AssetKey& key);

inline constexpr std::string_view typeTag = "wandb.type",
                                  artifactTagsTag = "wandb.tags";  ///< of versions and of collections

/// What W&B's clients know of a version beside what every version has.
struct Facts {
  std::string type, digest;
  std::int64_t step = 0;
  std::int64_t source = 0;  ///< row of the version that this one is a link to
};
std::optional<Facts> findFacts(db::Transaction& transaction, std::int64_t version);
void putFacts(db::Transaction& transaction, std::int64_t version, const Facts& facts);

/// An artifact that is being made.
struct Draft {
  std::int64_t id = 0;
  registry::AssetKey key;
  std::string clientId, distributed;
  json::object input;     ///< CreateArtifactInput
  json::array manifests;  ///< {"md5","base","by"}: lists of files, and who added each
  std::int64_t version = 0;
  std::string createdBy = {};
};
std::int64_t createDraft(db::Transaction& transaction, const Draft& draft, std::string_view actor);
void saveDraft(db::Transaction& transaction, const Draft& draft);
std::optional<Draft> findDraft(db::Transaction& transaction, std::int64_t id);
std::optional<Draft> findDistributed(db::Transaction& transaction, const registry::AssetKey& key,
                                     std::string_view distributed);

std::optional<registry::Version> versionOfRow(db::Transaction& transaction, std::int64_t row);
/// By an id that this server gave a client, or one that a client chose: the caller's own artifact, otherwise the oldest
/// that they may read. Throws Error{notFound}, also for versions that
/// the caller may not read; Error{denied} without `verb`.
registry::Version getArtifact(const Call& call, db::Transaction& transaction, std::string_view id, access::Verb verb);
/// A draft that the caller may add content to: the caller's own, or a distributed one. Others do not exist.
Draft getDraft(const Call& call, db::Transaction& transaction, std::string_view id);
/// The version of the collection that stands for the artifact: itself, or a link to it.
std::optional<registry::Version> findLink(db::Transaction& transaction, const registry::Asset& asset,
                                          const registry::Version& artifact);

std::string idOf(const registry::Version& version);
std::string idOf(const Draft& draft);

}  // namespace regesta::api::wandb
