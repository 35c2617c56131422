#include "gitremote/state.h"

#include <set>

#include "base/error.h"

namespace regesta::gitremote {
namespace {

constexpr std::int64_t smallPack = 8 * 1024 * 1024;

git::Id idOf(std::string_view hex) { return git::Id::parse(hex).value_or(git::Id{}); }

std::string text(const git::Id& id) { return id.isNone() ? std::string() : id.str(); }

std::vector<registry::Version> versionsToExport(db::Transaction& transaction, std::string_view workspace,
                                                std::size_t limit) {
  std::vector<std::pair<std::string, std::int64_t>> found;
  db::Rows rows = transaction.query(
      "SELECT a.name, v.number FROM asset a JOIN version v ON v.asset = a.id "
      "LEFT JOIN git_file f ON f.workspace = a.workspace AND f.name = a.name AND f.semver = v.semver AND "
      "f.digest = v.digest "
      "WHERE a.workspace = $1 AND a.kind = 'prompt' AND v.deleted = 0 AND v.semver IS NOT NULL AND f.name IS NULL "
      "ORDER BY v.created_at, v.id LIMIT $2",
      {workspace, limit});
  while (rows.next()) found.emplace_back(rows.text(0), rows.integer(1));
  std::vector<registry::Version> versions;
  for (const auto& [name, number] : found)
    versions.push_back(
        registry::getVersion(transaction, {std::string(workspace), registry::Kind::prompt, name}, number));
  return versions;
}

std::vector<VersionPlace> deletedFiles(db::Transaction& transaction, std::string_view workspace) {
  std::vector<VersionPlace> gone;
  db::Rows rows = transaction.query(
      "SELECT f.name, f.semver FROM git_file f WHERE f.workspace = $1 AND NOT EXISTS ("
      "SELECT 1 FROM asset a JOIN version v ON v.asset = a.id WHERE a.workspace = f.workspace AND a.kind = 'prompt' "
      "AND a.name = f.name AND v.semver = f.semver AND v.deleted = 0) ORDER BY f.name, f.semver",
      {workspace});
  while (rows.next()) gone.push_back({rows.text(0), rows.text(1)});
  return gone;
}

/// Prompts whose aliases file says something else than the register, either way.
std::set<std::string> aliasesToExport(db::Transaction& transaction, std::string_view workspace) {
  std::set<std::string> names;
  for (std::string_view sql :
       {"SELECT a.name FROM asset a JOIN alias p ON p.asset = a.id JOIN version v ON v.asset = a.id AND "
        "v.number = p.number LEFT JOIN git_alias g ON g.workspace = a.workspace AND g.name = a.name AND "
        "g.alias = p.name AND g.semver = v.semver "
        "WHERE a.workspace = $1 AND a.kind = 'prompt' AND v.semver IS NOT NULL AND g.name IS NULL",
        "SELECT g.name FROM git_alias g WHERE g.workspace = $1 AND NOT EXISTS (SELECT 1 FROM asset a JOIN alias p ON "
        "p.asset = a.id JOIN version v ON v.asset = a.id AND v.number = p.number WHERE a.workspace = g.workspace AND "
        "a.kind = 'prompt' AND a.name = g.name AND p.name = g.alias AND v.semver = g.semver)"}) {
    db::Rows rows = transaction.query(sql, {workspace});
    while (rows.next()) names.insert(rows.text(0));
  }
  return names;
}

AliasesNow aliasesNow(db::Transaction& transaction, std::string_view workspace, const std::string& name) {
  AliasesNow now{name, {}, 0, {}};
  db::Rows rows = transaction.query(
      "SELECT p.name, v.semver, p.moved_at, p.moved_by FROM asset a JOIN alias p ON p.asset = a.id "
      "JOIN version v ON v.asset = a.id AND v.number = p.number "
      "WHERE a.workspace = $1 AND a.kind = 'prompt' AND a.name = $2 AND v.semver IS NOT NULL",
      {workspace, name});
  while (rows.next()) {
    now.aliases[rows.text(0)] = rows.text(1);
    if (rows.integer(2) < now.movedAt) continue;
    now.movedAt = rows.integer(2);
    now.movedBy = rows.text(3);
  }
  return now;
}

}  // namespace

git::Id RepositoryState::ref(std::string_view name) const {
  auto found = refs.find(name);
  return found == refs.end() ? git::Id{} : found->second.target;
}

RepositoryState readRepository(db::Transaction& transaction, std::string_view workspace) {
  RepositoryState state{std::string(workspace), {}, {}, {}};
  db::Rows packs =
      transaction.query("SELECT digest, size FROM git_pack WHERE workspace = $1 ORDER BY digest", {workspace});
  while (packs.next()) {
    state.packs.push_back(packs.text(0));
    if (packs.integer(1) <= smallPack) state.smallPacks.push_back(packs.text(0));
  }
  db::Rows refs = transaction.query("SELECT name, target, peeled FROM git_ref WHERE workspace = $1", {workspace});
  while (refs.next()) state.refs[refs.text(0)] = {idOf(refs.view(1)), idOf(refs.view(2))};
  return state;
}

void moveRef(registry::Change& change, std::string_view workspace, const RefMove& move) {
  std::string from = text(move.from), to = text(move.to.target), peeled = text(move.to.peeled);
  std::int64_t moved = 0;
  if (from.empty())
    moved = change.transaction.run(
        "INSERT INTO git_ref (workspace, name, target, peeled, moved_at, moved_by) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (workspace, name) DO NOTHING",
        {workspace, move.name, to, peeled, change.now, change.actor.name});
  else if (to.empty())
    moved = change.transaction.run("DELETE FROM git_ref WHERE workspace = $1 AND name = $2 AND target = $3",
                                   {workspace, move.name, from});
  else
    moved = change.transaction.run(
        "UPDATE git_ref SET target = $4, peeled = $5, moved_at = $6, moved_by = $7 "
        "WHERE workspace = $1 AND name = $2 AND target = $3",
        {workspace, move.name, from, to, peeled, change.now, change.actor.name});
  if (moved == 0) throw error(Code::conflict, "{} has moved in the meantime; fetch first", move.name);
}

void addPack(registry::Change& change, std::string_view workspace, std::string_view digest, std::uint64_t size,
             std::size_t objects) {
  change.transaction.run(
      "INSERT INTO git_pack (workspace, digest, size, objects, added_at) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT (workspace, digest) DO NOTHING",
      {workspace, digest, size, objects, change.now});
}

void dropPacks(registry::Change& change, std::string_view workspace, const std::vector<std::string>& digests) {
  for (const std::string& digest : digests)
    if (change.transaction.run("DELETE FROM git_pack WHERE workspace = $1 AND digest = $2", {workspace, digest}) == 0)
      throw error(Code::conflict, "the packs of {} were combined in the meantime", workspace);
}

void noteFile(db::Transaction& transaction, std::string_view workspace, const VersionPlace& place,
              std::string_view digest) {
  if (transaction.run("UPDATE git_file SET digest = $4 WHERE workspace = $1 AND name = $2 AND semver = $3",
                      {workspace, place.name, place.semver, digest}) == 0)
    transaction.run("INSERT INTO git_file (workspace, name, semver, digest) VALUES ($1, $2, $3, $4)",
                    {workspace, place.name, place.semver, digest});
}

void forgetFile(db::Transaction& transaction, std::string_view workspace, const VersionPlace& place) {
  transaction.run("DELETE FROM git_file WHERE workspace = $1 AND name = $2 AND semver = $3",
                  {workspace, place.name, place.semver});
}

void noteAliases(db::Transaction& transaction, std::string_view workspace, std::string_view name,
                 const Aliases& aliases) {
  transaction.run("DELETE FROM git_alias WHERE workspace = $1 AND name = $2", {workspace, name});
  for (const auto& [alias, semver] : aliases)
    transaction.run("INSERT INTO git_alias (workspace, name, alias, semver) VALUES ($1, $2, $3, $4)",
                    {workspace, name, alias, semver});
}

Backlog findBacklog(db::Transaction& transaction, std::string_view workspace, std::size_t limit) {
  Backlog list{versionsToExport(transaction, workspace, limit), deletedFiles(transaction, workspace), {}};
  for (const std::string& name : aliasesToExport(transaction, workspace))
    list.aliases.push_back(aliasesNow(transaction, workspace, name));
  return list;
}

}  // namespace regesta::gitremote
