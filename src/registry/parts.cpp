#include "registry/parts.h"

#include <set>

#include "registry/lineage.h"
#include "registry/version_node.h"

namespace regesta::registry {
void recordParts(Change& change, const Version& version, const NewVersion& made) {
  const std::string& workspace = version.asset.key.workspace;
  for (const std::string& part : made.contains)
    addEdge(change.transaction, workspace, {part, version.subject(), std::string(containsRelation), change.now});
  for (const std::string& base : made.basedOn)
    addEdge(change.transaction, workspace, {base, version.subject(), std::string(basedOnRelation), change.now});
}

std::vector<Version> partsOf(db::Transaction& transaction, const Version& version) {
  const std::string& workspace = version.asset.key.workspace;
  std::vector<Version> found;
  std::set<std::string> seen{version.subject()};
  std::vector<std::string> next{version.subject()};
  while (!next.empty()) {
    std::string node = std::move(next.back());
    next.pop_back();
    std::vector<std::string> others;
    auto rows =
        transaction.query("SELECT origin FROM lineage_edge WHERE workspace = $1 AND target = $2 AND relation = $3",
                          {workspace, node, containsRelation});
    while (rows.next()) others.push_back(rows.text(0));
    for (std::string& other : others) {
      if (!seen.insert(other).second) continue;
      if (auto live = findVersionAt(transaction, workspace, other)) found.push_back(*std::move(live));
      next.push_back(std::move(other));
    }
  }
  return found;
}

}  // namespace regesta::registry
