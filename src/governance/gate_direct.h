#pragma once
#include "governance/gate.h"

namespace regesta::governance {

/// For use inside the change that creates the version `move.to`: moves an alias that no policy protects. False, without
/// an effect, for a protected one: call Gate::move() after the change. Throws as that does.
bool moveUnprotected(registry::Change& change, const access::Identity& identity, const Gate::Move& move);

}  // namespace regesta::governance
