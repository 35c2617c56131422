#include "api/native/lineage.h"

#include <set>

#include "registry/lineage.h"
#include "tracking/run.h"

namespace regesta::api::native {

namespace {

/// "model/loan-risk@production" becomes "model/loan-risk@3"; other nodes stay.
std::string exactNode(db::Session& session, const Call& call, const std::string& node) {
  std::size_t slash = node.find('/'), at = node.rfind('@');
  auto kind = slash == std::string::npos ? std::nullopt : registry::parseKind(node.substr(0, slash));
  if (!kind || node.find('#') != std::string::npos) return node;
  std::string name = node.substr(slash + 1, at == std::string::npos ? at : at - slash - 1);
  call.require(governance::Verb::read, name);
  std::string selector = at == std::string::npos ? "latest" : node.substr(at + 1);
  return registry::resolveVersion(session, {call.workspace, *kind, name}, selector).subject();
}

std::string labelOf(db::Session& session, const Call& call, const std::string& node) {
  if (node.starts_with("run/"))
    if (auto run = tracking::findRun(session, call.workspace, node.substr(4)); run && !run->name.empty())
      return "run " + run->name;
  return node;
}

}  // namespace

LineageAnswer lineageGraph(Call& call, const LineageQuery& query) {
  auto direction = query.direction == "downstream" ? registry::Direction::downstream
                   : query.direction == "both"     ? registry::Direction::both
                                                   : registry::Direction::upstream;
  int depth = query.depth > 0 ? static_cast<int>(query.depth) : 16;
  return call.core.store.read([&](db::Session& session) {
    LineageAnswer answer;
    answer.root = exactNode(session, call, query.node);
    std::set<std::string> seen{answer.root};
    answer.nodes.push_back({answer.root, labelOf(session, call, answer.root)});
    for (const registry::Edge& edge : registry::lineage(session, call.workspace, answer.root, direction, depth)) {
      answer.edges.push_back({edge.from, edge.to, edge.relation, timeText(edge.at)});
      for (const std::string& node : {edge.from, edge.to})
        if (seen.insert(node).second) answer.nodes.push_back({node, labelOf(session, call, node)});
    }
    return answer;
  });
}

}  // namespace regesta::api::native
