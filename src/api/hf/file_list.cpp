#include "api/hf/file_list.h"

#include "api/lfs_objects.h"
#include "base/text.h"

namespace regesta::api::hf {
namespace {

constexpr std::size_t filesOfVersion = 100'000;

/// The half-open range of paths below a folder; '0' follows '/'.
std::pair<FileList::iterator, FileList::iterator> below(FileList& files, const std::string& folder) {
  return {files.lower_bound(folder + '/'), files.lower_bound(folder + '0')};
}

void checkPlace(FileList& files, const std::string& path) {
  if (auto [first, last] = below(files, path); first != last)
    throw Invalid("path", fmt::format("'{}' is a folder", path));
  for (std::size_t at = path.rfind('/'); at != std::string::npos && at > 0; at = path.rfind('/', at - 1))
    if (files.contains(path.substr(0, at)))
      throw Invalid("path", fmt::format("'{}' is a file, not a folder", path.substr(0, at)));
}

registry::VersionFile uploaded(const Call& call, db::Transaction& transaction, const Operation& operation) {
  std::optional<blob::Stored> stored = findUpload(call, transaction, operation.digest);
  if (!stored)
    throw error(Code::invalid, "'{}': the content {} was not uploaded to this repository; upload it again",
                operation.path, operation.digest);
  if (operation.size && *operation.size != stored->size)
    throw error(Code::invalid, "'{}': the uploaded content has {} bytes, not {}", operation.path, stored->size,
                *operation.size);
  return {operation.path, stored->digest, static_cast<std::int64_t>(stored->size)};
}

}  // namespace

void applyOperations(const Call& call, db::Transaction& transaction, const Repo& repo, const registry::Commit& parent,
                     const std::vector<Operation>& operations, FileList& files) {
  for (const Operation& operation : operations) {
    // The words after the first are what huggingface_hub looks for.
    auto missing = [&](std::string_view what) {
      HubError fault = entryNotFound(repo, parent, operation.path);
      fault.message = fmt::format("A {} with this name doesn't exist: {}", what, operation.path);
      return fault;
    };
    switch (operation.kind) {
      case Operation::Kind::add:
        if (!call.core.blobs.has(operation.digest))
          throw error(Code::conflict, "the content of '{}' was removed in the meantime; try again", operation.path);
        files[operation.path] = {operation.path, operation.digest, static_cast<std::int64_t>(*operation.size)};
        break;
      case Operation::Kind::addUploaded:
        files[operation.path] = uploaded(call, transaction, operation);
        break;
      case Operation::Kind::deleteFile:
        if (files.erase(operation.path) == 0) throw missing("file");
        break;
      case Operation::Kind::deleteFolder:
        auto [first, last] = below(files, operation.path);
        if (first == last) throw missing("folder");
        files.erase(first, last);
        break;
    }
  }
  for (const Operation& operation : operations)
    if (files.contains(operation.path)) checkPlace(files, operation.path);
  if (files.size() > filesOfVersion)
    throw error(Code::tooLarge, "a version has at most {} files; pack small files into archives", filesOfVersion);
}

}  // namespace regesta::api::hf
