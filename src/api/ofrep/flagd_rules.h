#pragma once
#include <optional>

#include "base/json.h"
#include "rollout/choose.h"

namespace regesta::api::ofrep {

/// A rollout as flagd's targeting (JSONLogic with `fractional`), which gives each key the same variant as this server.
/// Null if all callers get the same version (the kill switch). Empty if the language cannot express a segment: a
/// version range, an attribute with a dot.
std::optional<json::value> targetingOf(const registry::Rollout& rollout);

}  // namespace regesta::api::ofrep
