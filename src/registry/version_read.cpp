#include "base/error.h"
#include "base/semver.h"
#include "base/text.h"
#include "registry/archive.h"
#include "registry/pointer.h"
#include "registry/rows.h"

namespace regesta::registry {
namespace {

/// Tags of the versions of one asset whose numbers lie between two bounds, with one query.
void fillTags(db::Transaction& transaction, std::vector<Version>& versions) {
  if (versions.empty()) return;
  std::unordered_map<std::int64_t, Version*> byId;
  for (Version& version : versions) byId[version.id] = &version;
  db::Rows rows = transaction.query(
      "SELECT t.version, t.key, t.value FROM version v JOIN version_tag t ON t.version = v.id "
      "WHERE v.asset = $1 AND v.number >= $2 AND v.number <= $3",
      {versions.front().asset.id, versions.back().number, versions.front().number});
  while (rows.next()) {
    auto at = byId.find(rows.integer(0));
    if (at != byId.end()) at->second->tags.emplace(rows.text(1), rows.text(2));
  }
}

/// The tags of the version and of its asset, in one statement.
void fillBothTags(db::Transaction& transaction, Version& version) {
  db::Rows rows = transaction.query(
      "SELECT 0, key, value FROM asset_tag WHERE asset = $1 UNION ALL SELECT 1, key, value FROM version_tag WHERE "
      "version = $2",
      {version.asset.id, version.id});
  while (rows.next()) (rows.integer(0) == 0 ? version.asset.tags : version.tags).emplace(rows.text(1), rows.text(2));
}

std::optional<Version> one(db::Transaction& transaction, const Asset& asset, db::Rows rows) {
  if (!rows.next()) return std::nullopt;
  Version version = rows::version(rows);
  version.asset = asset;
  version.tags = rows::versionTags(transaction, version.id);
  return version;
}

Version orNotFound(std::optional<Version> version, const AssetKey& key, std::string_view what) {
  if (!version) throw error(Code::notFound, "{} '{}' has no {}", kindName(key.kind), key.name, what);
  return *std::move(version);
}

/// For a number or a SemVer: says so when there was such a version.
Version orGone(db::Transaction& transaction, std::optional<Version> version, const Asset& asset,
               std::string_view selector) {
  if (version) return *std::move(version);
  db::Rows rows =
      transaction.query("SELECT 1 FROM version WHERE asset = $1 AND deleted = 1 AND (number = $2 OR semver = $3)",
                        {asset.id, parseInteger(selector).value_or(0), selector});
  if (rows.next())
    throw error(Code::notFound, "version {} of {} '{}' was deleted", selector, kindName(asset.key.kind),
                asset.key.name);
  return orNotFound(std::nullopt, asset.key, fmt::format("version {}", selector));
}

std::optional<Version> bestInRange(db::Transaction& transaction, const Asset& asset, std::string_view range) {
  std::optional<SemVer> best;
  std::int64_t number = 0;
  {
    db::Rows rows = transaction.query(
        "SELECT number, semver FROM version WHERE asset = $1 AND semver IS NOT NULL AND deleted = 0 AND archived_at = "
        "0",
        {asset.id});
    while (rows.next()) {
      std::optional<SemVer> candidate = SemVer::parse(rows.view(1));
      if (!candidate || !inRange(*candidate, range).value_or(false)) continue;
      if (best && (*candidate <=> *best) <= 0) continue;
      best = std::move(candidate);
      number = rows.integer(0);
    }
  }
  return best ? findVersion(transaction, asset.key, number) : std::nullopt;
}

bool isRange(std::string_view text) { return inRange(SemVer{}, text).has_value(); }

}  // namespace

std::optional<Version> findSemver(db::Transaction& transaction, const Asset& asset, std::string_view semver) {
  return one(
      transaction, asset,
      transaction.query(fmt::format("SELECT {} FROM version v WHERE v.asset = $1 AND v.semver = $2 AND v.deleted = 0",
                                    rows::versionColumns),
                        {asset.id, semver}));
}

std::optional<Version> findVersion(db::Transaction& transaction, const AssetKey& key, std::int64_t number) {
  std::optional<Version> version;
  {
    db::Rows rows = transaction.query(
        fmt::format("SELECT {}, {} FROM asset a JOIN version v ON v.asset = a.id "
                    "WHERE a.workspace = $1 AND a.kind = $2 AND a.name = $3 AND v.number = $4 AND v.deleted = 0",
                    rows::versionColumns, rows::assetColumns),
        {key.workspace, kindName(key.kind), key.name, number});
    if (!rows.next()) return std::nullopt;
    version = rows::version(rows);
    version->asset = rows::asset(rows, rows::versionColumnCount);
  }
  fillBothTags(transaction, *version);
  return version;
}

std::optional<AliasedVersion> findRegisteredVersion(db::Transaction& transaction, std::string_view workspace,
                                                    std::string_view name, std::int64_t number) {
  static const std::string row = fmt::format(
      "SELECT {}, {} FROM asset a JOIN version v ON v.asset = a.id "
      "WHERE a.id = {} AND v.number = $3 AND v.deleted = 0",
      rows::versionColumns, rows::assetColumns, rows::registeredAsset);
  static const std::string labels = fmt::format(
      "SELECT 0, key, value FROM asset_tag WHERE asset = {0} "
      "UNION ALL SELECT 1, t.key, t.value FROM version v JOIN version_tag t ON t.version = v.id "
      "WHERE v.asset = {0} AND v.number = $3 "
      "UNION ALL SELECT 2, name, '' FROM alias WHERE asset = {0} AND number = $3",
      rows::registeredAsset);
  db::Rows found = transaction.send(row, {workspace, name, number});
  db::Rows label = transaction.send(labels, {workspace, name, number});
  if (!found.next()) return std::nullopt;
  AliasedVersion result{rows::version(found), {}};
  result.version.asset = rows::asset(found, rows::versionColumnCount);
  while (label.next()) {
    if (label.integer(0) == 2)
      result.aliases.push_back(label.text(1));
    else
      (label.integer(0) == 0 ? result.version.asset.tags : result.version.tags).emplace(label.text(1), label.text(2));
  }
  std::ranges::sort(result.aliases);
  return result;
}

Version getVersion(db::Transaction& transaction, const AssetKey& key, std::int64_t number) {
  std::optional<Version> found = findVersion(transaction, key, number);
  if (!found) getAsset(transaction, key);
  return orNotFound(std::move(found), key, fmt::format("version {}", number));
}

std::string nearAlias(db::Transaction& transaction, const Asset& asset, std::string_view name) {
  std::vector<std::string> names;
  for (Alias& alias : listAliases(transaction, asset)) names.push_back(std::move(alias.name));
  auto near = nearest(name, names);
  return near ? fmt::format("; did you mean '{}'?", *near) : "";
}

Version resolveVersion(db::Transaction& transaction, const AssetKey& key, std::string_view selector) {
  Asset asset = getAsset(transaction, key);
  if (selector.empty()) throw Invalid("version", "is required");
  if (std::optional<std::int64_t> number = parseInteger(selector))
    return orGone(transaction, findVersion(transaction, key, *number), asset, std::to_string(*number));
  if (SemVer::parse(selector)) return orGone(transaction, findSemver(transaction, asset, selector), asset, selector);
  if (equalsIgnoreCase(selector, "latest")) return orNotFound(newestCurrent(transaction, asset), key, "versions yet");
  if (std::optional<Alias> alias = findAlias(transaction, asset, selector))
    return orNotFound(findVersion(transaction, key, alias->number), key, fmt::format("version {}", alias->number));
  if (isRange(selector))
    return orNotFound(bestInRange(transaction, asset, selector), key, fmt::format("version in the range {}", selector));
  return orNotFound(std::nullopt, key,
                    fmt::format("alias '{}'{}", shorten(selector, 100), nearAlias(transaction, asset, selector)));
}

std::optional<Version> newestVersion(db::Transaction& transaction, const Asset& asset) {
  return one(transaction, asset,
             transaction.query(fmt::format("SELECT {} FROM version v WHERE v.asset = $1 AND v.deleted = 0 "
                                           "ORDER BY v.number DESC LIMIT 1",
                                           rows::versionColumns),
                               {asset.id}));
}

std::string semverOf(db::Transaction& transaction, const AssetKey& key, std::int64_t number) {
  db::Rows rows = transaction.query(
      "SELECT v.semver FROM asset a JOIN version v ON v.asset = a.id "
      "WHERE a.workspace = $1 AND a.kind = $2 AND a.name = $3 AND v.number = $4",
      {key.workspace, kindName(key.kind), key.name, number});
  return rows.next() && !rows.isNull(0) ? rows.text(0) : std::string();
}

std::vector<Version> listVersions(db::Transaction& transaction, const Asset& asset, std::size_t limit,
                                  std::int64_t before) {
  std::vector<Version> found;
  {
    std::int64_t below = before > 0 ? before : std::numeric_limits<std::int64_t>::max();
    db::Rows rows =
        transaction.query(fmt::format("SELECT {} FROM version v WHERE v.asset = $1 AND v.number < $2 AND v.deleted = 0 "
                                      "ORDER BY v.number DESC LIMIT $3",
                                      rows::versionColumns),
                          {asset.id, below, limit});
    while (rows.next()) {
      found.push_back(rows::version(rows));
      found.back().asset = asset;
    }
  }
  fillTags(transaction, found);
  return found;
}

std::vector<Version> latestPerStage(db::Transaction& transaction, const Asset& asset) {
  std::vector<Version> found;
  for (std::string_view stage : stages) {
    std::int64_t number = holderOf(transaction, asset, Pointer::stage(stage));
    if (number == 0) continue;
    std::optional<Version> version =
        one(transaction, asset,
            transaction.query(
                fmt::format("SELECT {} FROM version v WHERE v.asset = $1 AND v.number = $2", rows::versionColumns),
                {asset.id, number}));
    if (version) found.push_back(*std::move(version));
  }
  return found;
}

std::vector<VersionFile> versionFiles(db::Transaction& transaction, const Version& version) {
  std::vector<VersionFile> files;
  db::Rows rows = transaction.query("SELECT path, digest, size FROM version_file WHERE version = $1", {version.id});
  while (rows.next()) files.push_back({rows.text(0), rows.text(1), rows.integer(2)});
  std::sort(files.begin(), files.end(), [](const VersionFile& a, const VersionFile& b) { return a.path < b.path; });
  return files;
}

std::vector<VersionReference> versionReferences(db::Transaction& transaction, const Version& version) {
  std::vector<VersionReference> references;
  db::Rows rows = transaction.query("SELECT path, uri, digest, size, about FROM version_reference WHERE version = $1",
                                    {version.id});
  while (rows.next()) references.push_back({rows.text(0), rows.text(1), rows.text(2), rows.integer(3), rows.text(4)});
  std::ranges::sort(references, {}, &VersionReference::path);
  return references;
}

}  // namespace regesta::registry
