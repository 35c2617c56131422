#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::langfuse {

/// Score configs: create, get, list by pages, update (also archives).
std::span<const Route> scoreConfigRoutes();

}  // namespace regesta::api::langfuse
