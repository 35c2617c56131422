#pragma once
#include <cstddef>

#include "api/endpoint.h"

namespace regesta::api {

/// The most bytes that the body of a request to the route may have; 0: limits::wholeBody. Larger for what clients send
/// in one request because the protocol cannot divide it. Memory is bounded by the quotas of callers (http/site.h).
std::size_t bodyLimitOf(const Route& route);

}  // namespace regesta::api
