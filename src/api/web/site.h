#pragma once
#include <optional>

#include "api/endpoint.h"

namespace regesta::api::web {

/// The files of the web UI, "/" and "/assets/…", and the documentation below "/docs".
Front front();

/// The web UI's page, for a browser's request of a path outside all fronts ("/prompts/loan-summary").
std::optional<http::Response> pageFor(const http::Request& request);

}  // namespace regesta::api::web
