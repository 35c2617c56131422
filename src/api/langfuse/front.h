#pragma once
#include "api/endpoint.h"

namespace regesta::api::langfuse {

/// /api/public: Langfuse's prompts and scores for its unmodified SDKs. A project is a workspace.
Front front();

}  // namespace regesta::api::langfuse
