#pragma once
#include "governance/gate.h"
#include "registry/change.h"
#include "registry/version.h"

namespace regesta::evaluation {

/// Takes a version in quarantine off everything that serves it, because it may have got there before its scan was done:
/// ends rollouts that serve it to some callers, moves each alias and stage back to the newest earlier version that may
/// be used, and removes it from the version if there is none. Protected pointers go through the gate; the log names one
/// that must stay. A branch of a Hugging Face repository stays on its commit: that front serves none of it. Does
/// nothing for a version that is not in quarantine. Recorded as by scanActor().
void withdraw(registry::Store& store, governance::Gate& gate, const registry::Version& version);

/// "system:scan".
const registry::Actor& scanActor();

}  // namespace regesta::evaluation
