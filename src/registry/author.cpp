#include "registry/author.h"

#include <optional>
#include <vector>

#include "base/text.h"
#include "registry/parts.h"
#include "registry/pointer.h"

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

/// The version of a node ("model/loan@3").
std::optional<Made> versionAt(db::Transaction& transaction, std::string_view workspace, std::string_view node) {
  std::size_t slash = node.find('/'), at = node.rfind('@');
  if (slash == std::string_view::npos || at == std::string_view::npos || at < slash) return std::nullopt;
  auto number = parseInteger(node.substr(at + 1));
  if (!number) return std::nullopt;
  auto rows = transaction.query(
      "SELECT v.id, v.created_by FROM version v JOIN asset a ON a.id = v.asset WHERE a.workspace = $1 AND a.kind = $2 "
      "AND a.name = $3 AND v.number = $4",
      {workspace, node.substr(0, slash), node.substr(slash + 1, at - slash - 1), *number});
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

/// Whether a policy has let the version of the node onto a pointer.
bool wasAccepted(db::Transaction& transaction, std::string_view workspace, std::string_view node) {
  std::size_t slash = node.find('/'), at = node.rfind('@');
  if (slash == std::string_view::npos || at == std::string_view::npos || at < slash) return false;
  auto kind = parseKind(node.substr(0, slash));
  auto number = parseInteger(node.substr(at + 1));
  if (!kind || !number) return false;
  AssetKey key{std::string(workspace), *kind, std::string(node.substr(slash + 1, at - slash - 1))};
  return acceptedVersions(transaction, key).contains(*number);
}

std::set<std::string> authorsOf(db::Transaction& transaction, std::string_view workspace, const std::string& subject) {
  std::set<std::string> authors, seen{subject};
  addAuthors(transaction, workspace, subject, authors);
  std::vector<std::string> next{subject};
  auto follow = [&](std::string node) {
    if (!seen.insert(node).second) return;
    addAuthors(transaction, workspace, node, authors);
    next.push_back(std::move(node));
  };
  while (!next.empty()) {
    std::string node = std::move(next.back());
    next.pop_back();
    for (Origin& origin : originsOf(transaction, workspace, node))
      if (!origin.isBase || !wasAccepted(transaction, workspace, origin.node)) follow(std::move(origin.node));
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
