#pragma once
#include <map>
#include <string>

#include "api/hf/commit_reader.h"
#include "api/hf/repo.h"

namespace regesta::api::hf {

using FileList = std::map<std::string, registry::VersionFile>;

/// Applies a commit's operations to the files of the commit before it. What was uploaded must be the caller's upload,
/// or content that they may read: a digest alone gives nobody a file. Throws entryNotFound() for a deletion of what is
/// not there, Error{invalid} for content that is missing and for a name that is a file and a folder.
void applyOperations(const Call& call, db::Transaction& transaction, const Repo& repo, const registry::Commit& parent,
                     const std::vector<Operation>& operations, FileList& files);

}  // namespace regesta::api::hf
