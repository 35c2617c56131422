#include "registry/oci_blob.h"

#include "base/error.h"
#include "base/limits_oci.h"
#include "base/time.h"
#include "registry/row_note.h"
#include "registry/storage_quota.h"

namespace regesta::registry {
namespace {

constexpr std::string_view sha256Prefix = "sha256:";
constexpr std::size_t atOnce = 200;

struct Row {
  blob::Stored stored;
  std::int64_t pushedAt = 0;
};

std::optional<Row> findRow(db::Transaction& transaction, std::string_view repository, std::string_view digest) {
  static const TableClass& table = *findTableClass("oci_blob");
  static const std::string sql = fmt::format(
      "SELECT {}, mac, content, size, pushed_at FROM oci_blob WHERE repository = $1 AND digest = $2", table.list);
  db::Rows rows = transaction.query(sql, {repository, digest});
  if (!rows.next()) return std::nullopt;
  int mac = static_cast<int>(table.columns.size());
  if (!isGenuine(rowText(table, rows), rows.view(mac)))
    throw error(Code::corrupt,
                "the row of '{}' in oci_blob was written by something other than this server: its MAC does not match. "
                "Run regesta ledger verify, and restore the row from a backup",
                digest);
  return Row{{rows.text(mac + 1), static_cast<std::uint64_t>(rows.integer(mac + 2))}, rows.integer(mac + 3)};
}

void writeRow(db::Transaction& transaction, const AssetKey& key, std::string_view digest, const blob::Stored& stored,
              std::int64_t pushedAt, std::string_view actor) {
  std::string repository = ociRepository(key);
  transaction.run("DELETE FROM oci_blob WHERE repository = $1 AND digest = $2", {repository, digest});
  transaction.run(
      "INSERT INTO oci_blob (repository, digest, workspace, content, size, pushed_at, pushed_by) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {repository, digest, key.workspace, stored.digest, stored.size, pushedAt, actor});
}

/// Whether many versions have the content: then it is quicker to look through the files of one asset.
bool isCommon(db::Transaction& transaction, std::string_view content) {
  db::Rows rows = transaction.query(
      "SELECT count(*) FROM (SELECT 1 FROM version_file WHERE digest = $1 LIMIT 200) AS files", {content});
  rows.next();
  return rows.integer(0) == 200;
}

/// A live version's file with this content.
std::optional<std::pair<std::int64_t, blob::Stored>> fileWith(db::Transaction& transaction, const AssetKey& key,
                                                              std::string_view content) {
  // An expression in place of the column keeps the databases from its index.
  std::string_view column = isCommon(transaction, content) ? "(f.digest || '')" : "f.digest";
  db::Rows rows = transaction.query(
      fmt::format("SELECT v.number, f.size FROM version_file f JOIN version v ON v.id = f.version JOIN asset a ON "
                  "a.id = v.asset WHERE {} = $1 AND v.deleted = 0 AND a.workspace = $2 AND a.kind = $3 AND a.name = $4 "
                  "ORDER BY v.number DESC LIMIT 1",
                  column),
      {content, key.workspace, kindName(key.kind), key.name});
  if (!rows.next()) return std::nullopt;
  return std::pair(rows.integer(0), blob::Stored{std::string(content), static_cast<std::uint64_t>(rows.integer(1))});
}

std::string contentOf(const std::optional<Row>& row, std::string_view digest) {
  if (row) return row->stored.digest;
  return std::string(digest.starts_with(sha256Prefix) ? digest.substr(sha256Prefix.size()) : "");
}

}  // namespace

std::string ociRepository(const AssetKey& key) { return fmt::format("{}/{}", key.workspace, key.subject()); }

void putOciBlob(db::Transaction& transaction, const AssetKey& key, std::string_view digest, const blob::Stored& stored,
                std::string_view actor) {
  if (!findOciBlob(transaction, key, digest))
    takeStorage(transaction, key.workspace, static_cast<std::int64_t>(stored.size));
  writeRow(transaction, key, digest, stored, nowMillis(), actor);
}

std::optional<blob::Stored> findOciBlob(db::Transaction& transaction, const AssetKey& key, std::string_view digest) {
  std::optional<Row> row = findRow(transaction, ociRepository(key), digest);
  if (row && row->pushedAt > nowMillis() - limits::ociBlobMillis) return row->stored;
  std::string content = contentOf(row, digest);
  if (content.empty()) return std::nullopt;
  auto file = fileWith(transaction, key, content);
  return file ? std::optional(file->second) : std::nullopt;
}

std::vector<AssetKey> ociRepositoriesWith(db::Transaction& transaction, std::string_view workspace,
                                          std::string_view digest) {
  std::vector<AssetKey> keys;
  auto add = [&](std::string_view kind, std::string_view name) {
    if (auto parsed = parseKind(kind)) keys.push_back({std::string(workspace), *parsed, std::string(name)});
  };
  {
    db::Rows rows = transaction.query("SELECT repository FROM oci_blob WHERE workspace = $1 AND digest = $2 LIMIT 100",
                                      {workspace, digest});
    while (rows.next()) {
      std::string_view subject = rows.view(0).substr(workspace.size() + 1);
      std::size_t slash = subject.find('/');
      add(subject.substr(0, slash), subject.substr(slash + 1));
    }
  }
  if (!digest.starts_with(sha256Prefix)) return keys;
  db::Rows rows = transaction.query(
      "SELECT DISTINCT a.kind, a.name FROM (SELECT version FROM version_file WHERE digest = $1 LIMIT 1000) AS f "
      "JOIN version v ON v.id = f.version JOIN asset a ON a.id = v.asset "
      "WHERE v.deleted = 0 AND a.workspace = $2 LIMIT 100",
      {digest.substr(sha256Prefix.size()), workspace});
  while (rows.next()) add(rows.view(0), rows.view(1));
  return keys;
}

void claimOciBlob(db::Transaction& transaction, const AssetKey& key, std::string_view digest,
                  const blob::Stored& stored, std::string_view actor) {
  if (digest.starts_with(sha256Prefix))
    transaction.run("DELETE FROM oci_blob WHERE repository = $1 AND digest = $2", {ociRepository(key), digest});
  else
    writeRow(transaction, key, digest, stored, 0, actor);
}

bool removeOciBlob(db::Transaction& transaction, const AssetKey& key, std::string_view digest) {
  return transaction.run("DELETE FROM oci_blob WHERE repository = $1 AND digest = $2", {ociRepository(key), digest}) >
         0;
}

std::int64_t versionWithContent(db::Transaction& transaction, const AssetKey& key, std::string_view content) {
  auto file = fileWith(transaction, key, content);
  return file ? file->first : 0;
}

void moveOciBlobs(db::Transaction& transaction, const AssetKey& key, std::string_view newName) {
  struct Moved {
    std::string digest, actor;
    blob::Stored stored;
    std::int64_t pushedAt;
  };
  std::string repository = ociRepository(key);
  std::vector<Moved> moved;
  if (!newName.empty()) {
    db::Rows rows = transaction.query(
        "SELECT digest, pushed_by, content, size, pushed_at FROM oci_blob WHERE repository = $1", {repository});
    while (rows.next())
      moved.push_back(
          {rows.text(0), rows.text(1), {rows.text(2), static_cast<std::uint64_t>(rows.integer(3))}, rows.integer(4)});
  }
  AssetKey renamed{key.workspace, key.kind, std::string(newName)};
  for (const Moved& each : moved) {
    findRow(transaction, repository, each.digest);  // a forged row must not get a MAC
    writeRow(transaction, renamed, each.digest, each.stored, each.pushedAt, each.actor);
  }
  transaction.run("DELETE FROM oci_blob WHERE repository = $1", {repository});
}

void expireOciBlobs(db::Transaction& transaction, std::int64_t now) {
  std::vector<std::pair<std::string, std::string>> due;
  {
    db::Rows rows = transaction.query(
        "SELECT repository, digest FROM oci_blob WHERE pushed_at > 0 AND pushed_at < $1 ORDER BY pushed_at LIMIT $2",
        {now - limits::ociBlobMillis, atOnce});
    while (rows.next()) due.emplace_back(rows.text(0), rows.text(1));
  }
  for (const auto& [repository, digest] : due)
    transaction.run("DELETE FROM oci_blob WHERE repository = $1 AND digest = $2", {repository, digest});
}

}  // namespace regesta::registry
