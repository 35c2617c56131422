#include "registry/part_upload.h"

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "db/columns.h"
#include "registry/row_note.h"
#include "registry/storage_quota.h"
#include "registry/writers.h"

namespace regesta::registry {
namespace {

constexpr std::int64_t completedMillis = std::int64_t{24} * 60 * 60 * 1000;
constexpr std::size_t removedAtOnce = 20;
constexpr std::string_view highest = "\xF4\x8F\xBF\xBF";

void requireGenuine(const TableClass& table, const db::Rows& rows) {
  if (!isGenuine(rowText(table, rows), rows.view(static_cast<int>(table.columns.size()))))
    throw error(Code::corrupt,
                "a row of {} was written by something other than this server: its MAC does not match. Run regesta "
                "ledger verify, and begin the upload again",
                table.table);
}

const TableClass& uploads() {
  static const TableClass& table = *findTableClass("part_upload");
  return table;
}
const TableClass& parts() {
  static const TableClass& table = *findTableClass("upload_part");
  return table;
}

constexpr std::string_view uploadColumns =
    "about, checksum, completed, created_at, created_by, id, path, workspace, mac";

PartUpload readUpload(const db::Rows& rows) {
  constexpr db::Columns at(uploadColumns);
  requireGenuine(uploads(), rows);
  return {.id = rows.text(at["id"]),
          .workspace = rows.text(at["workspace"]),
          .path = rows.text(at["path"]),
          .about = rows.text(at["about"]),
          .checksum = rows.text(at["checksum"]),
          .createdAt = rows.integer(at["created_at"]),
          .createdBy = rows.text(at["created_by"]),
          .completed = rows.text(at["completed"])};
}

constexpr std::string_view partColumns = "checksum, digest, etag, modified_at, number, size, upload, written_by, mac";

UploadPart readPart(const db::Rows& rows) {
  constexpr db::Columns at(partColumns);
  requireGenuine(parts(), rows);
  return {.number = rows.integer(at["number"]),
          .content = {rows.text(at["digest"]), static_cast<std::uint64_t>(rows.integer(at["size"]))},
          .etag = rows.text(at["etag"]),
          .checksum = rows.text(at["checksum"]),
          .modifiedAt = rows.integer(at["modified_at"]),
          .writers = readWriters(rows.view(at["written_by"]))};
}

}  // namespace

std::string createUpload(db::Transaction& transaction, const PartUpload& upload) {
  removeOldUploads(transaction, nowMillis());
  {
    auto rows = transaction.query(
        "SELECT COUNT(*), COUNT(CASE WHEN created_by = $2 THEN 1 END) FROM part_upload WHERE workspace = $1 AND "
        "completed = ''",
        {upload.workspace, upload.createdBy});
    rows.next();
    auto refuse = [&](std::string_view whose, std::int64_t count) {
      throw error(Code::tooLarge, "{} {} uploads under way in workspace '{}'; complete or abort some", whose, count,
                  upload.workspace);
    };
    if (rows.integer(1) >= uploadsPerActor) refuse(upload.createdBy + " has", rows.integer(1));
    if (rows.integer(0) >= uploadsPerWorkspace) refuse("there are", rows.integer(0));
  }
  std::string id = randomHex(24);
  transaction.run(
      "INSERT INTO part_upload (id, workspace, path, about, checksum, created_at, created_by, completed) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, '')",
      {id, upload.workspace, upload.path, upload.about, upload.checksum, nowMillis(), upload.createdBy});
  return id;
}

std::optional<PartUpload> findUpload(db::Transaction& transaction, std::string_view id) {
  static const std::string sql = fmt::format("SELECT {} FROM part_upload WHERE id = $1", uploadColumns);
  db::Rows rows = transaction.query(sql, {id});
  if (!rows.next()) return std::nullopt;
  return readUpload(rows);
}

std::optional<PartUpload> findBlobUpload(db::Transaction& transaction, const PartUpload& wanted) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM part_upload WHERE workspace = $1 AND path = '' AND created_by = $2 AND about = $3 AND "
      "completed = '' ORDER BY created_at DESC, id LIMIT 1",
      uploadColumns);
  db::Rows rows = transaction.query(sql, {wanted.workspace, wanted.createdBy, wanted.about});
  if (!rows.next()) return std::nullopt;
  return readUpload(rows);
}

std::vector<PartUpload> uploadsOf(db::Transaction& transaction, std::string_view workspace, std::string_view prefix,
                                  std::string_view afterPath, std::string_view afterId, std::size_t limit) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM part_upload WHERE workspace = $1 AND path >= $2 AND path < $3 AND (path > $4 OR (path = $4 AND "
      "id > $5)) AND path <> '' AND completed = '' ORDER BY path, id LIMIT $6",
      uploadColumns);
  std::vector<PartUpload> found;
  db::Rows rows = transaction.query(
      sql, {workspace, prefix, std::string(prefix) + std::string(highest), afterPath, afterId, limit});
  while (rows.next()) found.push_back(readUpload(rows));
  return found;
}

void putPart(db::Transaction& transaction, const PartUpload& upload, const UploadPart& part) {
  takeStorage(transaction, upload.workspace, static_cast<std::int64_t>(part.content.size));
  transaction.run(
      "INSERT INTO upload_part (upload, number, digest, size, etag, checksum, modified_at, written_by) VALUES ($1, $2, "
      "$3, "
      "$4, $5, $6, $7, $8) ON CONFLICT (upload, number) DO UPDATE SET digest = excluded.digest, size = excluded.size, "
      "etag = excluded.etag, checksum = excluded.checksum, modified_at = excluded.modified_at, "
      "written_by = excluded.written_by",
      {upload.id, part.number, part.content.digest, part.content.size, part.etag, part.checksum, nowMillis(),
       writersText(part.writers)});
}

std::set<std::string> writersOf(const std::vector<UploadPart>& parts) {
  std::set<std::string> writers;
  for (const UploadPart& part : parts) writers.insert(part.writers.begin(), part.writers.end());
  return writers;
}

std::vector<UploadPart> partsOf(db::Transaction& transaction, std::string_view id, std::int64_t after,
                                std::size_t limit) {
  static const std::string sql =
      fmt::format("SELECT {} FROM upload_part WHERE upload = $1 AND number > $2 ORDER BY number LIMIT $3", partColumns);
  std::vector<UploadPart> found;
  db::Rows rows = transaction.query(sql, {id, after, limit});
  while (rows.next()) found.push_back(readPart(rows));
  return found;
}

void completeUpload(db::Transaction& transaction, const PartUpload& upload, std::string_view etag) {
  transaction.run("DELETE FROM upload_part WHERE upload = $1", {upload.id});
  transaction.run("UPDATE part_upload SET completed = $2, created_at = $3 WHERE id = $1",
                  {upload.id, etag, nowMillis()});
  recountStorage(upload.workspace);  // the parts no longer count
}

void removeUpload(db::Transaction& transaction, const PartUpload& upload) {
  transaction.run("DELETE FROM upload_part WHERE upload = $1", {upload.id});
  transaction.run("DELETE FROM part_upload WHERE id = $1", {upload.id});
  recountStorage(upload.workspace);
}

void removeUploadsOf(db::Transaction& transaction, std::string_view workspace) {
  transaction.run("DELETE FROM upload_part WHERE upload IN (SELECT id FROM part_upload WHERE workspace = $1)",
                  {workspace});
  transaction.run("DELETE FROM part_upload WHERE workspace = $1", {workspace});
}

std::size_t removeOldUploads(db::Transaction& transaction, std::int64_t now) {
  std::vector<PartUpload> old;
  {
    auto rows = transaction.query(
        "SELECT id, workspace FROM part_upload WHERE created_at < $1 OR (created_at < $2 AND completed <> '') "
        "ORDER BY created_at LIMIT $3",
        {now - uploadMillis, now - completedMillis, removedAtOnce});
    while (rows.next()) old.push_back({.id = rows.text(0), .workspace = rows.text(1)});
  }
  for (const PartUpload& upload : old) removeUpload(transaction, upload);
  return old.size();
}

}  // namespace regesta::registry
