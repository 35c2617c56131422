#include "governance/readable_lineage.h"

#include <map>
#include <set>

namespace regesta::governance {

bool isDatasetInput(std::string_view node) {
  return node.starts_with("dataset/") && node.find('#') != std::string_view::npos;
}

std::vector<registry::Edge> readableEdges(const Scope& scope, const std::string& root,
                                          std::vector<registry::Edge> edges) {
  if (scope.everything(access::Verb::read)) return edges;
  std::map<std::string, bool> known;
  auto visible = [&](const std::string& node) {
    auto [place, isNew] = known.try_emplace(node, false);
    if (isNew) place->second = isDatasetInput(node) || scope.node(node);
    return place->second;
  };
  std::erase_if(edges, [&](const registry::Edge& edge) { return !visible(edge.from) || !visible(edge.to); });
  std::set<std::string> reached{root};
  for (bool grows = true; grows;) {
    grows = false;
    for (const registry::Edge& edge : edges)
      if (reached.contains(edge.from) != reached.contains(edge.to)) {
        reached.insert(edge.from);
        reached.insert(edge.to);
        grows = true;
      }
  }
  std::erase_if(edges, [&](const registry::Edge& edge) { return !reached.contains(edge.from); });
  return edges;
}

}  // namespace regesta::governance
