#pragma once
#include <cstddef>

#include "policy/engine.h"
#include "proof/documents.h"

namespace regesta::proof {

/// Evaluates the decisions again whose inputs and policies the pack has. Returns how many.
std::size_t checkReplay(const Documents& documents, policy::Engine& engine, const Report& report);
/// The part about rows of the governed state: replays the entries, and compares.
void checkState(const Documents& documents, const Report& report);
/// Compares what the documents state with the proven entries: the replayed state, each item that names its entry, and
/// each digest of a text that the pack contains.
void checkStatements(const Documents& documents, const Report& report);

}  // namespace regesta::proof
