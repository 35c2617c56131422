#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::ofrep {

/// POST /ofrep/v1/evaluate/flags/{key} and, for browsers, /ofrep/v1/evaluate/flags.
std::span<const Route> evaluationRoutes();

}  // namespace regesta::api::ofrep
