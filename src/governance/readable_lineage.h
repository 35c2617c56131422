#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "governance/scope.h"
#include "registry/lineage.h"

namespace regesta::governance {

/// An MLflow dataset input ("dataset/loans#<digest>") has no grants: callers who may read a run that used it may see
/// it.
bool isDatasetInput(std::string_view node);

/// The edges that lead from the root only over nodes that the caller may read.
std::vector<registry::Edge> readableEdges(const Scope& scope, const std::string& root,
                                          std::vector<registry::Edge> edges);

}  // namespace regesta::governance
