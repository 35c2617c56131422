#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blob/store.h"
#include "registry/asset.h"

namespace regesta::registry {

/// The name of an asset's OCI repository in the tables oci_…: "default/artifact/team/weights".
std::string ociRepository(const AssetKey& key);

/// Makes a blob readable in the asset's repository, by the digest that clients know ("sha256:…", "sha512:…"), for
/// limits::ociBlobMillis or until a manifest refers to it. Throws Error{tooLarge} as takeStorage() does.
void putOciBlob(db::Transaction& transaction, const AssetKey& key, std::string_view digest, const blob::Stored& stored,
                std::string_view actor);
/// The blob if it can be read in the repository: it was sent or mounted there lately, or a live version of the asset
/// has it as a file. Throws Error{corrupt} for a row that this server did not write.
std::optional<blob::Stored> findOciBlob(db::Transaction& transaction, const AssetKey& key, std::string_view digest);
/// The same for a repository of the workspace that the caller may read, without naming one. `mayRead` gets names of
/// assets.
template <class MayRead>
std::optional<blob::Stored> findOciBlobAnywhere(db::Transaction& transaction, std::string_view workspace,
                                                std::string_view digest, MayRead mayRead);
/// Assets whose repositories may have the blob; at most 100.
std::vector<AssetKey> ociRepositoriesWith(db::Transaction& transaction, std::string_view workspace,
                                          std::string_view digest);

/// From now on only live versions make the blob readable.
void claimOciBlob(db::Transaction& transaction, const AssetKey& key, std::string_view digest,
                  const blob::Stored& stored, std::string_view actor);
/// False when there was none.
bool removeOciBlob(db::Transaction& transaction, const AssetKey& key, std::string_view digest);
/// The version of the asset that has the content as a file: its number, or 0.
std::int64_t versionWithContent(db::Transaction& transaction, const AssetKey& key, std::string_view content);

/// The repository's blobs follow the asset to its new name; empty: they go.
void moveOciBlobs(db::Transaction& transaction, const AssetKey& key, std::string_view newName);
/// Forgets blobs that no manifest came for, some at a time.
void expireOciBlobs(db::Transaction& transaction, std::int64_t now);

template <class MayRead>
std::optional<blob::Stored> findOciBlobAnywhere(db::Transaction& transaction, std::string_view workspace,
                                                std::string_view digest, MayRead mayRead) {
  for (const AssetKey& key : ociRepositoriesWith(transaction, workspace, digest))
    if (mayRead(key.name))
      if (auto found = findOciBlob(transaction, key, digest)) return found;
  return std::nullopt;
}

}  // namespace regesta::registry
