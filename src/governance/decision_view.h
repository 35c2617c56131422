#pragma once
#include "base/json.h"
#include "governance/scope.h"

namespace regesta::governance {

/// Removes from a decision's inputs what the caller may not read: runs and logged models with their metrics, and the
/// names of assets in lineage and evaluations. Readers of the asset may lack access to its sources. True when
/// something was removed.
bool hideInputs(const Scope& scope, json::array& inputs);
/// Whether the caller may read what a body of evidence names: its dataset, the run of its predictions, and the lineage
/// nodes in "names".
bool mayReadEvaluation(const Scope& scope, json::object& evaluation);

}  // namespace regesta::governance
