#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::langfuse {

/// Writing scores, one or many (POST /api/public/scores), reading them (v2 by pages, v3 by a cursor) and deleting them.
std::span<const Route> scoreRoutes();

}  // namespace regesta::api::langfuse
