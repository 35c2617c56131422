#pragma once
#include <optional>

#include "base/json.h"
#include "delivery/choose.h"

namespace regesta::api::ofrep {

/// What a rollout does, as flagd's targeting (JSONLogic with `fractional`): whoever evaluates it in its own process
/// gives each key the variant that this server gives it. Null when everyone gets the same (the kill switch). Nothing
/// when a segment asks for what the language cannot say in the same way: a range of versions, an attribute with a dot.
std::optional<json::value> targetingOf(const registry::Rollout& rollout);

}  // namespace regesta::api::ofrep
