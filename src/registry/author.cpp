#include "registry/author.h"

#include <optional>
#include <vector>

#include "base/text.h"

namespace regesta::registry {
namespace {

/// What the node ("model/loan@3") is a copy of.
std::vector<std::string> copiedFrom(db::Transaction& transaction, std::string_view workspace, const std::string& node) {
  std::vector<std::string> origins;
  auto rows =
      transaction.query("SELECT origin FROM lineage_edge WHERE workspace = $1 AND target = $2 AND relation = 'copied'",
                        {workspace, node});
  while (rows.next()) origins.push_back(rows.text(0));
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

std::set<std::string> authorsOf(db::Transaction& transaction, std::string_view workspace, const std::string& subject) {
  std::set<std::string> authors, seen{subject};
  addAuthors(transaction, workspace, subject, authors);
  std::vector<std::string> next{subject};
  while (!next.empty()) {
    std::string node = std::move(next.back());
    next.pop_back();
    for (std::string& origin : copiedFrom(transaction, workspace, node)) {
      if (!seen.insert(origin).second) continue;
      addAuthors(transaction, workspace, origin, authors);
      next.push_back(std::move(origin));
    }
  }
  return authors;
}

struct Copy {
  std::string origin, target;
};

/// What was copied from versions of the asset.
std::vector<Copy> copiesOf(db::Transaction& transaction, const AssetKey& key) {
  // '@' < 'A', so the range holds the versions of this asset and nothing else.
  auto rows = transaction.query(
      "SELECT origin, target FROM lineage_edge WHERE workspace = $1 AND origin >= $2 AND origin < $3 AND "
      "relation = 'copied'",
      {key.workspace, key.subject() + "@", key.subject() + "A"});
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
