#pragma once
#include "api/endpoint.h"

namespace regesta::api::langfuse {

/// /api/public: Langfuse's prompts and scores for its unmodified SDKs. A project is a workspace.
Front front();

/// Errors below /api/public that no handler answered: an unknown path, a malformed request.
http::Response renderStray(const http::Request& request, const Error& error);

}  // namespace regesta::api::langfuse
