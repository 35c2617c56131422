#pragma once
#include <string>
#include <vector>

#include "base/config.h"

namespace regesta::server {

/// Brings the database that the settings name to the schema of this program, and nothing else: `serve` would do the
/// same. Returns the schema changes that it made. Throws Error{invalidState} for a database of a newer version, or one
/// that only `serve` can bring up to date.
std::vector<std::string> migrate(const Config& config);

}  // namespace regesta::server
