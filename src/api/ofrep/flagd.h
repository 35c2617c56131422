#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::ofrep {

/// GET /flagd/{workspace}.json: a workspace's prompts and rollouts as a flag file, for flagd's HTTP sync and for
/// in-process providers. With an ETag; 304 if nothing has changed.
std::span<const Route> flagFileRoutes();

}  // namespace regesta::api::ofrep
