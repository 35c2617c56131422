#include "registry/version_files.h"

#include "base/error.h"
#include "registry/reference.h"

namespace regesta::registry {
namespace {

/// The folder in the tree; nothing for another place, and for a text that leads nowhere.
std::optional<std::string> folderOf(std::string_view storage, std::string_view workspace) {
  try {
    return treePath(storage, workspace);
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool pointsOutside(std::string_view storage, std::string_view workspace) {
  std::string scheme = parseUri(storage).scheme;
  if (storage.empty() || scheme == "runs" || scheme == "models") return false;
  try {
    return !treePath(storage, workspace);
  } catch (const Error&) {
    return false;
  }
}

void release(db::Transaction& transaction, std::string_view workspace, std::int64_t id, std::string_view digest,
             std::string_view storage) {
  std::optional<std::string> folder = folderOf(storage, workspace);
  if (!folder || folder->empty()) return;
  {
    // What is sealed does not change, so every version of this folder has the same digest.
    db::Rows rows = transaction.query(
        "SELECT v.storage FROM version v JOIN asset a ON a.id = v.asset "
        "WHERE v.digest = $1 AND v.deleted = 0 AND v.id <> $2 AND a.workspace = $3",
        {digest, id, workspace});
    while (rows.next())
      if (folderOf(rows.view(0), workspace) == folder) return;
  }
  transaction.run("DELETE FROM tree_seal WHERE workspace = $1 AND folder = $2", {workspace, *folder});
}

}  // namespace

Content contentOf(db::Transaction& transaction, const Version& version) {
  if (!version.content.empty()) return Content::stored;
  // The location that clients get, whatever else was stored with the version.
  if (pointsOutside(version.storage.empty() ? version.source : version.storage, version.asset.key.workspace))
    return Content::elsewhere;
  if (transaction.query("SELECT 1 FROM version_reference WHERE version = $1 LIMIT 1", {version.id}).next())
    return Content::elsewhere;
  bool hasFiles = transaction.query("SELECT 1 FROM version_file WHERE version = $1 LIMIT 1", {version.id}).next();
  return hasFiles ? Content::stored : Content::missing;
}

std::string_view contentName(Content content) {
  switch (content) {
    case Content::stored:
      return "stored";
    case Content::elsewhere:
      return "elsewhere";
    case Content::missing:
      return "missing";
  }
  return "missing";
}

void releaseSeal(db::Transaction& transaction, const Version& version) {
  release(transaction, version.asset.key.workspace, version.id, version.digest, version.storage);
}

void releaseSeals(db::Transaction& transaction, const Asset& asset) {
  struct Sealed {
    std::int64_t id;
    std::string digest, storage;
  };
  std::vector<Sealed> versions;
  {
    db::Rows rows = transaction.query(
        "SELECT id, digest, storage FROM version WHERE asset = $1 AND deleted = 0 "
        "AND storage LIKE 'mlflow-artifacts:%' ESCAPE '\\'",
        {asset.id});
    while (rows.next()) versions.push_back({rows.integer(0), rows.text(1), rows.text(2)});
  }
  // One after the other, each marked as gone, so that two versions of one folder do not keep it sealed for each other.
  for (const Sealed& version : versions) {
    transaction.run("UPDATE version SET deleted = 1 WHERE id = $1", {version.id});
    release(transaction, asset.key.workspace, version.id, version.digest, version.storage);
  }
}

}  // namespace regesta::registry
