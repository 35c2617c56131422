#pragma once
#include <optional>

#include "api/endpoint.h"

namespace regesta::api::web {

/// The files of the web UI: "/" and "/assets/…".
Front front();

/// The page, for an address that is no front's ("/prompts/loan-summary") when a browser asks for it.
std::optional<http::Response> pageFor(const http::Request& request);

}  // namespace regesta::api::web
