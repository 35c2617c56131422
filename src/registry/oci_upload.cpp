#include "registry/oci_upload.h"

#include "base/error.h"
#include "base/id.h"
#include "base/limits_oci.h"
#include "base/time.h"
#include "registry/oci_blob.h"
#include "registry/storage_quota.h"

namespace regesta::registry {
namespace {

constexpr std::size_t atOnce = 100;

void expire(db::Transaction& transaction, std::int64_t now) {
  std::vector<std::string> due;
  {
    db::Rows rows = transaction.query("SELECT id FROM oci_upload WHERE touched_at < $1 ORDER BY touched_at LIMIT $2",
                                      {now - limits::ociUploadMillis, atOnce});
    while (rows.next()) due.push_back(rows.text(0));
  }
  for (const std::string& id : due) removeOciUpload(transaction, {id});
}

}  // namespace

OciUpload startOciUpload(db::Transaction& transaction, const AssetKey& key, std::string_view actor) {
  std::int64_t now = nowMillis();
  expire(transaction, now);
  expireOciBlobs(transaction, now);
  {
    db::Rows rows = transaction.query("SELECT count(*) FROM oci_upload WHERE actor = $1", {actor});
    rows.next();
    if (rows.integer(0) >= limits::ociUploads)
      throw error(
          Code::exhausted,
          "{} has {} uploads under way; finish or cancel some first. An upload that pauses for {} hours ends by "
          "itself",
          actor, limits::ociUploads, limits::ociUploadMillis / 3'600'000);
  }
  OciUpload upload{randomHex(16), 0};
  transaction.run(
      "INSERT INTO oci_upload (id, repository, workspace, actor, size, pieces, touched_at) "
      "VALUES ($1, $2, $3, $4, 0, 0, $5)",
      {upload.id, ociRepository(key), key.workspace, actor, now});
  return upload;
}

std::optional<OciUpload> findOciUpload(db::Transaction& transaction, const AssetKey& key, std::string_view id,
                                       std::string_view actor) {
  db::Rows rows = transaction.query(
      "SELECT size FROM oci_upload WHERE id = $1 AND repository = $2 AND actor = $3 AND touched_at >= $4",
      {id, ociRepository(key), actor, nowMillis() - limits::ociUploadMillis});
  if (!rows.next()) return std::nullopt;
  return OciUpload{std::string(id), rows.integer(0)};
}

std::int64_t roomForOciUploads(db::Transaction& transaction, std::string_view actor) {
  db::Rows rows =
      transaction.query("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM oci_upload WHERE actor = $1", {actor});
  rows.next();
  return std::max<std::int64_t>(limits::ociUploadBytes - rows.integer(0), 0);
}

void appendOciUpload(db::Transaction& transaction, const AssetKey& key, OciUpload& upload, const blob::Stored& piece) {
  std::int64_t size = static_cast<std::int64_t>(piece.size);
  db::Rows rows = transaction.query(
      "UPDATE oci_upload SET size = size + $3, pieces = pieces + 1, touched_at = $4 WHERE id = $1 AND size = $2 "
      "RETURNING pieces",
      {upload.id, upload.size, size, nowMillis()});
  if (!rows.next())
    throw error(Code::conflict, "another request has added to upload {} in the meantime; ask where it is with GET",
                upload.id);
  if (rows.integer(0) > limits::ociUploadPieces)
    throw error(Code::tooLarge, "an upload may come in at most {} pieces; send larger ones", limits::ociUploadPieces);
  takeStorage(transaction, key.workspace, size);
  transaction.run("INSERT INTO oci_upload_piece (upload, start, digest, size) VALUES ($1, $2, $3, $4)",
                  {upload.id, upload.size, piece.digest, size});
  upload.size += size;
}

std::vector<blob::Stored> ociUploadPieces(db::Transaction& transaction, const OciUpload& upload) {
  std::vector<blob::Stored> pieces;
  db::Rows rows =
      transaction.query("SELECT digest, size FROM oci_upload_piece WHERE upload = $1 ORDER BY start", {upload.id});
  while (rows.next()) pieces.push_back({rows.text(0), static_cast<std::uint64_t>(rows.integer(1))});
  return pieces;
}

bool removeOciUpload(db::Transaction& transaction, const OciUpload& upload) {
  transaction.run("DELETE FROM oci_upload_piece WHERE upload = $1", {upload.id});
  return transaction.run("DELETE FROM oci_upload WHERE id = $1", {upload.id}) > 0;
}

}  // namespace regesta::registry
