#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::web {

/// The documentation: "/docs/" and the pages below it, built from docs/ into this binary (cmake/docs.cmake).
std::span<const Route> docsRoutes();

}  // namespace regesta::api::web
