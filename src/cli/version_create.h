#pragma once
#include "cli/session.h"

namespace regesta::cli {

/// Registers a version from `body` and from those of the options --semver, --description, --source and --tag that were
/// given. A missing asset is created, too, unless `create` is false. Prints the version and returns Exit::done.
int createVersion(Session& session, const Reference& asset, json::object body, bool create = true);

}  // namespace regesta::cli
