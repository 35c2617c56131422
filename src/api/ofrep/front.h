#pragma once
#include "api/endpoint.h"

namespace regesta::api::ofrep {

/// /ofrep/v1 and /flagd: prompts as feature flags, for OpenFeature's unmodified providers.
Front front();

}  // namespace regesta::api::ofrep
