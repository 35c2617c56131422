#include "registry/parts.h"

#include <set>

#include "base/text.h"
#include "registry/lineage.h"
#include "registry/version_node.h"

namespace regesta::registry {
bool leadsToPart(const VersionReference& reference) {
  std::string uri = lower(trim(reference.uri));
  return uri.starts_with("wandb-artifact:") || uri.starts_with("wandb-client-artifact:");
}

void recordParts(Change& change, const Version& version, const NewVersion& made) {
  const std::string& workspace = version.asset.key.workspace;
  for (const std::string& part : made.contains)
    addEdge(change.transaction, workspace, {part, version.subject(), std::string(containsRelation), change.now});
  for (const std::string& base : made.basedOn)
    addEdge(change.transaction, workspace, {base, version.subject(), std::string(basedOnRelation), change.now});
}

namespace {

/// The prompts that the version of the node includes, as they are locked.
void addIncluded(db::Transaction& transaction, const std::string& workspace, const std::string& node,
                 std::vector<std::pair<std::string, bool>>& into) {
  auto named = versionNode(workspace, node);
  if (!named || named->key.kind != Kind::prompt) return;
  auto rows = transaction.query(
      "SELECT p.name, u.number FROM asset a JOIN version v ON v.asset = a.id JOIN prompt_use u ON u.version = v.id "
      "JOIN "
      "asset p ON p.id = u.asset WHERE a.workspace = $1 AND a.kind = $2 AND a.name = $3 AND v.number = $4",
      {workspace, kindName(Kind::prompt), named->key.name, named->number});
  while (rows.next()) into.emplace_back(fmt::format("prompt/{}@{}", rows.view(0), rows.integer(1)), true);
}

std::vector<Version> walk(db::Transaction& transaction, const Version& version, bool originals) {
  const std::string& workspace = version.asset.key.workspace;
  std::vector<Version> found;
  std::set<std::string> seen{version.subject()};
  std::vector<std::string> next{version.subject()};
  while (!next.empty()) {
    std::string node = std::move(next.back());
    next.pop_back();
    std::vector<std::pair<std::string, bool>> others;
    // A copy has the parts of its original, which itself is none.
    auto rows = transaction.query(
        "SELECT origin, relation FROM lineage_edge WHERE workspace = $1 AND target = $2 AND relation IN ($3, $4)",
        {workspace, node, containsRelation, copiedRelation});
    while (rows.next()) others.emplace_back(rows.text(0), rows.view(1) == containsRelation);
    addIncluded(transaction, workspace, node, others);
    for (auto& [other, isPart] : others) {
      if (!seen.insert(other).second) continue;
      auto live = isPart || originals ? findVersionAt(transaction, workspace, other) : std::nullopt;
      if (live) found.push_back(*std::move(live));
      next.push_back(std::move(other));
    }
  }
  return found;
}

}  // namespace

std::vector<Version> partsOf(db::Transaction& transaction, const Version& version) {
  return walk(transaction, version, false);
}

std::vector<Version> sourcesOf(db::Transaction& transaction, const Version& version) {
  return walk(transaction, version, true);
}

}  // namespace regesta::registry
