#include "registry/lineage.h"

#include "base/error.h"
#include "base/time.h"

namespace regesta::registry {
namespace {

struct Reach {
  int depth = 16;
  std::size_t limit = 1000;
  std::int64_t at = INT64_MAX;
};

/// All edges that touch `node` on the wanted side.
std::vector<Edge> touching(db::Transaction& transaction, std::string_view workspace, std::string_view node,
                           bool upstream, const Reach& reach) {
  std::string_view sql =
      upstream ? "SELECT origin, target, relation, at FROM lineage_edge WHERE workspace = $1 AND target = $2 "
                 "AND at <= $4 ORDER BY at, origin, relation LIMIT $3"
               : "SELECT origin, target, relation, at FROM lineage_edge WHERE workspace = $1 AND origin = $2 "
                 "AND at <= $4 ORDER BY at, target, relation LIMIT $3";
  std::vector<Edge> edges;
  db::Rows rows = transaction.query(sql, {workspace, node, reach.limit, reach.at});
  while (rows.next()) edges.push_back({rows.text(0), rows.text(1), rows.text(2), rows.integer(3)});
  return edges;
}

/// Every edge with an end among the versions of a subject: '@' comes right before 'A'.
std::vector<Edge> edgesOfVersions(db::Transaction& transaction, std::string_view workspace,
                                  const std::string& subject) {
  std::vector<Edge> edges;
  db::Rows rows = transaction.query(
      "SELECT origin, target, relation, at FROM lineage_edge WHERE workspace = $1 AND "
      "((origin >= $2 AND origin < $3) OR (target >= $2 AND target < $3))",
      {workspace, subject + '@', subject + 'A'});
  while (rows.next()) edges.push_back({rows.text(0), rows.text(1), rows.text(2), rows.integer(3)});
  return edges;
}

/// Breadth first in one direction, so that `both` does not wander from an ancestor down to its other descendants.
void walk(db::Transaction& transaction, std::string_view workspace, std::string_view node, bool upstream,
          const Reach& reach, std::vector<Edge>& found) {
  std::unordered_set<std::string> seen{std::string(node)};
  std::vector<std::string> frontier{std::string(node)};
  for (int step = 0; step < reach.depth && !frontier.empty(); ++step) {
    std::vector<std::string> next;
    for (const std::string& at : frontier) {
      for (Edge& edge : touching(transaction, workspace, at, upstream, reach)) {
        if (found.size() >= reach.limit) return;
        const std::string& other = upstream ? edge.from : edge.to;
        if (seen.insert(other).second) next.push_back(other);
        found.push_back(std::move(edge));
      }
    }
    frontier = std::move(next);
  }
}

}  // namespace

void addEdge(db::Transaction& transaction, std::string_view workspace, const Edge& edge) {
  if (edge.from.empty() || edge.to.empty() || edge.relation.empty())
    throw Error(Code::invalid, "A lineage edge needs both ends and a relation");
  transaction.run(
      "INSERT INTO lineage_edge (workspace, origin, target, relation, at) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT (workspace, origin, target, relation) DO NOTHING",
      {workspace, edge.from, edge.to, edge.relation, edge.at == 0 ? nowMillis() : edge.at});
}

void renameNodes(db::Transaction& transaction, std::string_view workspace, std::string_view oldSubject,
                 std::string_view newSubject) {
  std::string old = std::string(oldSubject) + '@';
  auto renamed = [&](const std::string& node) {
    return node.starts_with(old) ? fmt::format("{}{}", newSubject, node.substr(old.size() - 1)) : node;
  };
  for (const Edge& edge : edgesOfVersions(transaction, workspace, std::string(oldSubject))) {
    transaction.run("DELETE FROM lineage_edge WHERE workspace = $1 AND origin = $2 AND target = $3 AND relation = $4",
                    {workspace, edge.from, edge.to, edge.relation});
    addEdge(transaction, workspace, {renamed(edge.from), renamed(edge.to), edge.relation, edge.at});
  }
}

std::vector<Edge> lineage(db::Transaction& transaction, std::string_view workspace, std::string_view node,
                          Direction direction, int depth, std::size_t limit, std::int64_t at) {
  std::vector<Edge> found;
  Reach reach{depth, limit, at};
  if (direction != Direction::downstream) walk(transaction, workspace, node, true, reach, found);
  if (direction != Direction::upstream) walk(transaction, workspace, node, false, reach, found);
  return found;
}

}  // namespace regesta::registry
