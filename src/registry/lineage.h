#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"

namespace regesta::registry {

/// A directed edge "from was used to make to". Nodes are written as subjects are: "dataset/loanapp@1",
/// "dataset/loanapp#<digest>" (an MLflow dataset input), "run/<id>", "logged-model/m-…", "model/loan-risk@3",
/// "prompt/loan-summary@1", "code/<commit>".
struct Edge {
  std::string from, to;
  std::string relation;  ///< "input", "output", "registered", "copied", "trained-with", "code"
  std::int64_t at = 0;   ///< milliseconds
};

/// No effect if the edge exists.
void addEdge(db::Transaction& transaction, std::string_view workspace, const Edge& edge);
/// Renames the nodes of an asset's versions: "model/old@7" becomes "model/new@7" in every edge.
void renameNodes(db::Transaction& transaction, std::string_view workspace, std::string_view oldSubject,
                 std::string_view newSubject);
enum class Direction { upstream, downstream, both };
/// Edges reachable from `node`, nearest first, at most `depth` steps and `limit` edges. Cycles are not followed twice.
/// Only edges that existed at `at` (milliseconds) are followed.
std::vector<Edge> lineage(db::Transaction& transaction, std::string_view workspace, std::string_view node,
                          Direction direction, int depth = 16, std::size_t limit = 1000, std::int64_t at = INT64_MAX);

}  // namespace regesta::registry
