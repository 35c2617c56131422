#pragma once
#include "registry/version.h"

namespace regesta::registry {

/// Whether this server has the content of a version.
enum class Content {
  stored,     ///< text or files, fixed by the version's digest
  elsewhere,  ///< at least a part is a reference to another place (s3://…); the digest covers only the reference
  missing,    ///< a reference to this server's tree, runs or models that had no files at registration
};
Content contentOf(db::Transaction& transaction, const Version& version);
std::string_view contentName(Content content);

/// Folder of the artifact tree for copies of files that a version's author may read but not seal: one sealed folder per
/// version.
inline constexpr std::string_view snapshotFolder = "snapshots";

/// Unseals the version's folder in the artifact tree, unless another version uses it.
void releaseSeal(db::Transaction& transaction, const Version& version);
/// The same for all versions of an asset.
void releaseSeals(db::Transaction& transaction, const Asset& asset);

}  // namespace regesta::registry
