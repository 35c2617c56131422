#pragma once
#include "registry/actor.h"

namespace regesta::governance {

/// Who rolls an alias back for a standing guard (automation/standing_guard.h).
inline const registry::Actor& standingGuardActor() {
  static const registry::Actor actor = registry::Actor::system("standing-guard");
  return actor;
}

}  // namespace regesta::governance
