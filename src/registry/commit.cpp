#include "registry/commit.h"

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "registry/pointer.h"

namespace regesta::registry {
namespace {

constexpr std::string_view branchTag = "regesta.branch.";
constexpr std::size_t idLength = 40, numberLength = 10;  // the number ends the id, so that it is found without an index
constexpr std::size_t versionsLooked = 1000;

std::string idOf(const Asset& asset, std::int64_t number, std::string_view digest, std::int64_t createdAt) {
  // Row id and times tell a version from one of an earlier asset of the name; a rename changes neither.
  std::string text =
      fmt::format("regesta commit\n{}\n{}\n{}\n{}\n{}\n", asset.id, asset.createdAt, number, digest, createdAt);
  return fmt::format("{}{:010x}", crypto::sha256Hex(text).substr(0, idLength - numberLength), number);
}

std::optional<Commit> wrapped(std::optional<Version> version) {
  return version ? std::optional(commitOf(*std::move(version))) : std::nullopt;
}

/// While nobody has set the alias of the main branch: the newest version that was registered by other means.
std::optional<Version> newestRegistered(db::Transaction& transaction, const Asset& asset) {
  for (Version& version : listVersions(transaction, asset, versionsLooked))
    if (!version.tags.contains(std::string(parentTag))) return std::move(version);
  return std::nullopt;
}

/// The alias "main" and others: a name may be an alias without being a legal one to set ("latest").
std::optional<Commit> byAlias(db::Transaction& transaction, const Asset& asset, std::string_view name) {
  std::optional<Alias> alias = findAlias(transaction, asset, name);
  return alias ? wrapped(findVersion(transaction, asset.key, alias->number)) : std::nullopt;
}

}  // namespace

Commit emptyCommit(const Asset& asset) { return {0, idOf(asset, 0, "", asset.createdAt), std::nullopt}; }

Commit commitOf(Version version) {
  Commit commit{version.number, idOf(version.asset, version.number, version.digest, version.createdAt), std::nullopt};
  commit.version = std::move(version);
  return commit;
}

std::optional<Commit> findCommit(db::Transaction& transaction, const Asset& asset, std::string_view id) {
  if (!isLowerHex(id, idLength)) return std::nullopt;
  std::int64_t number = std::stoll(std::string(id.substr(idLength - numberLength)), nullptr, 16);
  std::optional<Commit> commit =
      number == 0 ? std::optional(emptyCommit(asset)) : wrapped(findVersion(transaction, asset.key, number));
  return commit && commit->id == id ? commit : std::nullopt;
}

bool isBranch(const Asset& asset, std::string_view name) {
  return name == mainBranch || asset.tags.contains(fmt::format("{}{}", branchTag, name));
}

void markBranch(Change& change, const Asset& asset, std::string_view name, bool branch) {
  if (name == mainBranch) return;
  std::string tag = fmt::format("{}{}", branchTag, name);
  if (branch)
    setAssetTag(change, asset, tag, "true");
  else
    deleteAssetTag(change, asset, tag);
}

std::vector<std::string> branchesOf(const Asset& asset) {
  std::vector<std::string> names{std::string(mainBranch)};
  for (const auto& [tag, value] : asset.tags)
    if (tag.starts_with(branchTag)) names.push_back(tag.substr(branchTag.size()));
  return names;
}

std::optional<Commit> branchTip(db::Transaction& transaction, const Asset& asset, std::string_view branch) {
  if (!isBranch(asset, branch)) return std::nullopt;
  if (auto set = byAlias(transaction, asset, branch)) return set;
  if (branch != mainBranch || isProtected(transaction, asset.key, Pointer::alias(mainBranch)))
    return emptyCommit(asset);
  auto newest = newestRegistered(transaction, asset);
  return newest ? commitOf(*std::move(newest)) : emptyCommit(asset);
}

std::optional<Commit> resolveRevision(db::Transaction& transaction, const Asset& asset, std::string_view revision) {
  for (std::string_view prefix : {"refs/heads/", "refs/tags/"})
    if (revision.starts_with(prefix)) revision.remove_prefix(prefix.size());
  if (revision == "HEAD") revision = mainBranch;
  if (auto commit = findCommit(transaction, asset, revision)) return commit;
  if (auto tip = branchTip(transaction, asset, revision)) return tip;
  if (revision.empty()) return std::nullopt;
  try {
    return commitOf(resolveVersion(transaction, asset.key, revision));
  } catch (const Error& fault) {
    if (fault.code == Code::notFound || fault.code == Code::invalid) return std::nullopt;
    throw;
  }
}

std::optional<Commit> parentOf(db::Transaction& transaction, const Asset& asset, const Commit& commit) {
  if (commit.number == 0 || !commit.version) return std::nullopt;
  std::int64_t below = commit.number;
  if (auto tag = commit.version->tags.find(std::string(parentTag)); tag != commit.version->tags.end())
    below = parseInteger(tag->second).value_or(below - 1) + 1;
  if (below <= 1) return emptyCommit(asset);
  std::vector<Version> before = listVersions(transaction, asset, 1, std::min(below, commit.number));
  return before.empty() ? emptyCommit(asset) : commitOf(std::move(before.front()));
}

std::optional<VersionFile> findVersionFile(db::Transaction& transaction, const Version& version,
                                           std::string_view path) {
  db::Rows rows = transaction.query("SELECT path, digest, size FROM version_file WHERE version = $1 AND path = $2",
                                    {version.id, path});
  if (!rows.next()) return std::nullopt;
  return VersionFile{rows.text(0), rows.text(1), rows.integer(2)};
}

}  // namespace regesta::registry
