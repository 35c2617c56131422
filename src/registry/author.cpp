#include "registry/author.h"

#include <map>
#include <optional>
#include <vector>

#include "registry/parts.h"
#include "registry/pointer.h"
#include "registry/version_node.h"

namespace regesta::registry {
namespace {

struct Origin {
  std::string node;  ///< "model/loan@3"
  bool isBase = false;
};

/// What the version of the node is made of.
std::vector<Origin> originsOf(db::Transaction& transaction, std::string_view workspace, const std::string& node) {
  std::vector<Origin> origins;
  auto rows = transaction.query(
      "SELECT origin, relation FROM lineage_edge WHERE workspace = $1 AND target = $2 AND relation IN ($3, $4, $5)",
      {workspace, node, copiedRelation, containsRelation, basedOnRelation});
  while (rows.next()) origins.push_back({rows.text(0), rows.view(1) == basedOnRelation});
  return origins;
}

struct Made {
  std::int64_t id = 0;
  std::string by;
};

/// The version of a node ("model/loan@3"), also a deleted one.
std::optional<Made> versionAt(db::Transaction& transaction, std::string_view workspace, std::string_view node) {
  auto named = versionNode(workspace, node);
  if (!named) return std::nullopt;
  const AssetKey& key = named->key;
  auto rows = transaction.query(
      "SELECT v.id, v.created_by FROM version v JOIN asset a ON a.id = v.asset WHERE a.workspace = $1 AND a.kind = $2 "
      "AND a.name = $3 AND v.number = $4",
      {key.workspace, kindName(key.kind), key.name, named->number});
  if (!rows.next()) return std::nullopt;
  return Made{rows.integer(0), rows.text(1)};
}

/// Who made the version of the node, and the deleted ones that it is a copy of.
void addAuthors(db::Transaction& transaction, std::string_view workspace, std::string_view node,
                std::set<std::string>& into) {
  auto version = versionAt(transaction, workspace, node);
  if (!version) return;
  into.insert(version->by);
  auto rows = transaction.query("SELECT actor FROM version_author WHERE version = $1", {version->id});
  while (rows.next()) into.insert(rows.text(0));
}

/// The prompts that the version of the node includes.
std::vector<std::string> includedIn(db::Transaction& transaction, std::string_view workspace, std::string_view node) {
  std::vector<std::string> nodes;
  auto version = versionAt(transaction, workspace, node);
  if (!version) return nodes;
  auto rows = transaction.query(
      "SELECT a.kind, a.name, u.number FROM prompt_use u JOIN asset a ON a.id = u.asset WHERE u.version = $1",
      {version->id});
  while (rows.next()) nodes.push_back(fmt::format("{}/{}@{}", rows.view(0), rows.view(1), rows.integer(2)));
  return nodes;
}

/// Which versions a policy has let onto a pointer; reads the ledger once per asset.
class Accepted {
 public:
  explicit Accepted(db::Transaction& transaction) : transaction_(transaction) {}
  bool contains(std::string_view workspace, std::string_view node) {
    auto named = versionNode(workspace, node);
    if (!named) return false;
    auto [place, fresh] = numbers_.try_emplace(named->key.subject());
    if (fresh) place->second = acceptedVersions(transaction_, named->key);
    return place->second.contains(named->number);
  }

 private:
  db::Transaction& transaction_;
  std::map<std::string, std::set<std::int64_t>> numbers_;  ///< by asset; all are of one workspace
};

std::set<std::string> authorsOf(db::Transaction& transaction, std::string_view workspace, const std::string& subject) {
  std::set<std::string> authors, seen{subject};
  addAuthors(transaction, workspace, subject, authors);
  std::vector<std::string> next{subject};
  Accepted accepted(transaction);
  auto follow = [&](std::string node) {
    if (!seen.insert(node).second) return;
    addAuthors(transaction, workspace, node, authors);
    next.push_back(std::move(node));
  };
  while (!next.empty()) {
    std::string node = std::move(next.back());
    next.pop_back();
    for (Origin& origin : originsOf(transaction, workspace, node))
      if (!origin.isBase || !accepted.contains(workspace, origin.node)) follow(std::move(origin.node));
    for (std::string& included : includedIn(transaction, workspace, node)) follow(std::move(included));
  }
  return authors;
}

struct Copy {
  std::string origin, target;
};

/// What was made of versions of the asset.
std::vector<Copy> copiesOf(db::Transaction& transaction, const AssetKey& key) {
  // '@' < 'A', so the range holds the versions of this asset and nothing else.
  auto rows = transaction.query(
      "SELECT origin, target FROM lineage_edge WHERE workspace = $1 AND origin >= $2 AND origin < $3 AND "
      "relation IN ($4, $5, $6)",
      {key.workspace, key.subject() + "@", key.subject() + "A", copiedRelation, containsRelation, basedOnRelation});
  std::vector<Copy> copies;
  while (rows.next()) copies.push_back({rows.text(0), rows.text(1)});
  return copies;
}

}  // namespace

std::set<std::string> authorsOf(db::Transaction& transaction, const Version& version) {
  std::set<std::string> authors = authorsOf(transaction, version.asset.key.workspace, version.subject());
  authors.insert(version.createdBy);
  return authors;
}

void keepAuthors(Change& change, const Asset& asset) {
  db::Transaction& transaction = change.transaction;
  for (const Copy& copy : copiesOf(transaction, asset.key)) {
    auto version = versionAt(transaction, asset.key.workspace, copy.target);
    if (!version) continue;
    for (const std::string& author : authorsOf(transaction, asset.key.workspace, copy.origin))
      transaction.run(
          "INSERT INTO version_author (version, actor) VALUES ($1, $2) ON CONFLICT (version, actor) DO NOTHING",
          {version->id, author});
  }
}

}  // namespace regesta::registry
