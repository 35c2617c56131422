#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "cli/session.h"

namespace regesta::cli {

/// Downloads `path` of the server into `target`, with progress; `size` in bytes, 0 if it is not known. The file appears
/// when it is complete; missing folders are made. Throws Error{unavailable} if the disk is full.
void download(Session& session, const std::string& path, const std::filesystem::path& target, std::uint64_t size);

/// The route of the files of a version.
std::string filesPath(const Reference& version);
/// Downloads the files of a version below `folder`; `only`: this file or folder, empty: all. Returns their paths.
/// Throws Error{invalid} for a path that would leave the folder.
json::array downloadFiles(Session& session, const Reference& version, const std::filesystem::path& folder,
                          std::string_view only = {});

}  // namespace regesta::cli
