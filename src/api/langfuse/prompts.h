#pragma once
#include <span>

#include "api/langfuse/prompt_wire.h"

namespace regesta::api::langfuse {

/// /api/public/v2/prompts: the same prompts, versions and pointers that every front sees. Labels are aliases; moving
/// one passes the gate, and a label that did not move is a 403 with every reason.
std::span<const Route> promptRoutes();

}  // namespace regesta::api::langfuse
