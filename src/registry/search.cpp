#include "registry/search.h"

#include "registry/rows.h"

namespace regesta::registry {
namespace {

constexpr std::string_view glimpse =
    "SELECT v.id, v.asset, v.number, v.created_at, v.updated_at, a.name, v.source, v.run_id "
    "FROM version v JOIN asset a ON a.id = v.asset WHERE a.workspace = $1 AND a.kind = $2 AND v.deleted = 0";

db::Rows select(db::Transaction& transaction, std::string_view workspace, const VersionNarrowing& narrowing) {
  std::string_view kind = kindName(narrowing.kind);
  if (narrowing.name && narrowing.runId)
    return transaction.query(fmt::format("{} AND a.name = $3 AND v.run_id = $4", glimpse),
                             {workspace, kind, *narrowing.name, *narrowing.runId});
  if (narrowing.name)
    return transaction.query(fmt::format("{} AND a.name = $3", glimpse), {workspace, kind, *narrowing.name});
  if (narrowing.runId)
    return transaction.query(fmt::format("{} AND v.run_id = $3", glimpse), {workspace, kind, *narrowing.runId});
  return transaction.query(glimpse, {workspace, kind});
}

}  // namespace

void visitVersions(db::Transaction& transaction, std::string_view workspace, const VersionNarrowing& narrowing,
                   const std::function<void(VersionGlimpse&&, std::string_view, std::string_view)>& visit) {
  db::Rows rows = select(transaction, workspace, narrowing);
  while (rows.next())
    visit({rows.integer(0), rows.integer(1), rows.integer(2), rows.integer(3), rows.integer(4), rows.text(5)},
          rows.view(6), rows.view(7));
}

std::optional<Version> findVersionById(db::Transaction& transaction, std::int64_t id) {
  std::optional<Version> version;
  {
    db::Rows rows = transaction.query(fmt::format("SELECT {}, {} FROM version v JOIN asset a ON a.id = v.asset "
                                                  "WHERE v.id = $1 AND v.deleted = 0",
                                                  rows::versionColumns, rows::assetColumns),
                                      {id});
    if (!rows.next()) return std::nullopt;
    version = rows::version(rows);
    version->asset = rows::asset(rows, rows::versionColumnCount);
  }
  version->asset.tags = rows::assetTags(transaction, version->asset.id);
  version->tags = rows::versionTags(transaction, id);
  return version;
}

std::optional<std::string> versionTag(db::Transaction& transaction, std::int64_t version, std::string_view key) {
  db::Rows rows = transaction.query("SELECT value FROM version_tag WHERE version = $1 AND key = $2", {version, key});
  if (!rows.next()) return std::nullopt;
  return rows.text(0);
}

}  // namespace regesta::registry
