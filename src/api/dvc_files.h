#pragma once
#include <string>
#include <vector>

#include "api/endpoint.h"
#include "registry/version.h"

namespace regesta::api {

/// The files of something that DVC pushed to the workspace, for a version. `alias` is "md5:<hex>", which becomes the
/// file `path`, or "md5:<hex>.dir", whose files are below the folder `path`. The caller needs to read every name of the
/// workspace, as for DVC itself. Throws Error{invalid} for what was not pushed.
std::vector<registry::VersionFile> dvcFiles(const Call& call, const std::string& path, const std::string& alias);

}  // namespace regesta::api
