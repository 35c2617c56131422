#pragma once
#include <string>

#include "api/endpoint.h"

namespace regesta::api::ofrep {

/// GET /ofrep/v1/events (ADR 8): tells a page's provider to evaluate again after a prompt, a pointer or a rollout of
/// the workspace changed. It carries no content. Browsers' EventSource sends no headers, so the address itself holds a
/// word that only an evaluation gives away.
std::string eventsUri(const Call& call);
void mountEvents(http::Router& router, Core& core);

}  // namespace regesta::api::ofrep
