#include "registry/blob_alias.h"

#include "base/error.h"
#include "base/time.h"
#include "registry/row_note.h"
#include "registry/storage_quota.h"

namespace regesta::registry {

void noteUpload(db::Transaction& transaction, std::string_view workspace, const blob::Stored& stored,
                std::string_view actor) {
  transaction.run(
      "INSERT INTO blob_upload (workspace, digest, actor, at, size) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT (workspace, digest, actor) DO UPDATE SET at = excluded.at, size = excluded.size",
      {workspace, stored.digest, actor, nowMillis(), stored.size});
}

bool isUploader(db::Transaction& transaction, std::string_view workspace, std::string_view digest,
                std::string_view actor) {
  static const TableClass& table = *findTableClass("blob_upload");
  static const std::string sql =
      fmt::format("SELECT {}, mac FROM blob_upload WHERE workspace = $1 AND digest = $2 AND actor = $3", table.list);
  db::Rows rows = transaction.query(sql, {workspace, digest, actor});
  return rows.next() && isGenuine(rowText(table, rows), rows.view(static_cast<int>(table.columns.size())));
}

void putBlobAlias(db::Transaction& transaction, std::string_view workspace, std::string_view name,
                  const blob::Stored& stored, std::string_view actor) {
  if (auto present = findBlobAlias(transaction, workspace, name)) {
    if (present->digest == stored.digest) return noteUpload(transaction, workspace, stored, actor);
    throw error(Code::conflict, "'{}' names other content already; two contents share this digest", name);
  }
  takeStorage(transaction, workspace, static_cast<std::int64_t>(stored.size));
  noteUpload(transaction, workspace, stored, actor);
  transaction.run(
      "INSERT INTO blob_alias (workspace, name, digest, size, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6)",
      {workspace, name, stored.digest, stored.size, nowMillis(), actor});
}

std::optional<blob::Stored> findBlobAlias(db::Transaction& transaction, std::string_view workspace,
                                          std::string_view name) {
  static const TableClass& table = *findTableClass("blob_alias");
  static const std::string sql =
      fmt::format("SELECT {}, mac, digest, size FROM blob_alias WHERE workspace = $1 AND name = $2", table.list);
  db::Rows rows = transaction.query(sql, {workspace, name});
  if (!rows.next()) return std::nullopt;
  int mac = static_cast<int>(table.columns.size());
  if (!isGenuine(rowText(table, rows), rows.view(mac)))
    throw error(
        Code::corrupt,
        "the row of '{}' in blob_alias was written by something other than this server: its MAC does not match. "
        "Run regesta ledger verify, and restore the row from a backup",
        name);
  return blob::Stored{rows.text(mac + 1), static_cast<std::uint64_t>(rows.integer(mac + 2))};
}

std::vector<std::string> missingBlobAliases(db::Transaction& transaction, std::string_view workspace,
                                            const std::vector<std::string>& names) {
  std::vector<std::string> missing;
  for (const std::string& name : names)
    if (!transaction.query("SELECT 1 FROM blob_alias WHERE workspace = $1 AND name = $2", {workspace, name}).next())
      missing.push_back(name);
  return missing;
}

}  // namespace regesta::registry
