#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "registry/change.h"
#include "registry/tree.h"

namespace regesta::tracking {

struct FolderDigest {
  std::size_t files = 0;
  std::string digest;  ///< digest of a version of these files; empty without files
};
FolderDigest digestOfFolder(db::Transaction& transaction, std::string_view workspace, std::string_view folder);

/// Puts an uploaded file into the artifact tree. A change of a sealed run's artifact (seal.h) is recorded as
/// "run.artifact-changed" with both digests, that of a logged model as "logged-model.artifact-changed". Throws like
/// registry::putFile. The actor is a writer of the file; `others`: those of the files and parts that it is made of.
void putArtifact(registry::Change& change, std::string_view workspace, std::string_view path,
                 const blob::Stored& stored, const registry::FileFacts& facts = {}, std::set<std::string> others = {});
/// Removes a file or folder from the tree; recorded likewise. Returns the number of files.
std::size_t removeArtifacts(registry::Change& change, std::string_view workspace, std::string_view path);

}  // namespace regesta::tracking
