#pragma once
#include <string>

#include "api/endpoint.h"

namespace regesta::api::ofrep {

/// GET /ofrep/v1/events (ADR 8): tells a page's provider to evaluate again after a prompt, a pointer or a rollout of
/// the workspace changed. Has no content. Browsers' EventSource sends no headers, so the URL has a secret that
/// evaluations return. It is valid as long as its recipient may read the workspace.
std::string eventsUri(const Call& call);
std::span<const StreamRoute> eventStreams();

}  // namespace regesta::api::ofrep
