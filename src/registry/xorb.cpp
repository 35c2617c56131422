#include "registry/xorb.h"

#include "base/error.h"
#include "base/limits_content.h"
#include "base/time.h"
#include "registry/row_note.h"
#include "registry/storage_quota.h"

namespace regesta::registry {

namespace {
/// Entries that keep their content. $1: uploads since; $2: uses since.
constexpr std::string_view kept = "used_at > CASE WHEN open_bytes > 0 THEN $1 ELSE $2 END";

/// `condition` has $1 and $2.
std::vector<Xorb> readXorbs(db::Transaction& transaction, std::string_view condition, db::Params params) {
  static const TableClass& table = *findTableClass("xet_xorb");
  std::string sql = fmt::format(
      "SELECT {}, mac, id, hash, actor, digest, first, chunks, bytes, uploaded, open_bytes FROM xet_xorb WHERE {} "
      "ORDER BY id",
      table.list, condition);
  std::vector<Xorb> found;
  int mac = static_cast<int>(table.columns.size());
  for (db::Rows rows = transaction.query(sql, params); rows.next();) {
    if (!isGenuine(rowText(table, rows), rows.view(mac)))
      throw error(Code::corrupt,
                  "a row of xet_xorb was written by something other than this server: its MAC does not match. Run "
                  "regesta ledger verify, and delete the row {}",
                  rows.integer(mac + 1));
    auto number = [&](int column) { return static_cast<std::uint64_t>(rows.integer(mac + column)); };
    found.push_back({rows.integer(mac + 1), rows.text(mac + 2), rows.text(mac + 3), rows.text(mac + 4), number(5),
                     number(6), number(7), number(8) != 0, number(9)});
  }
  return found;
}

}  // namespace

std::vector<Xorb> findXorbs(db::Transaction& transaction, std::string_view workspace, std::string_view hash) {
  return readXorbs(transaction, "workspace = $1 AND hash = $2", {workspace, hash});
}

bool putXorb(db::Transaction& transaction, std::string_view workspace, const Xorb& xorb) {
  for (const Xorb& known : findXorbs(transaction, workspace, xorb.hash)) {
    if (known.actor != xorb.actor) continue;
    if (known.uploaded || !xorb.uploaded) {
      transaction.run("UPDATE xet_xorb SET used_at = $2 WHERE id = $1", {known.id, nowMillis()});
      return false;
    }
    transaction.run("DELETE FROM xet_xorb WHERE id = $1", {known.id});
  }
  std::uint64_t open = xorb.uploaded ? xorb.bytes : 0;
  takeStorage(transaction, workspace, static_cast<std::int64_t>(open));
  transaction.run(
      "INSERT INTO xet_xorb (workspace, hash, actor, digest, first, chunks, bytes, uploaded, open_bytes, used_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
      {workspace, xorb.hash, xorb.actor, xorb.digest, xorb.first, xorb.chunks, xorb.bytes, xorb.uploaded ? 1 : 0, open,
       nowMillis()});
  return true;
}

void useXorb(db::Transaction& transaction, std::string_view workspace, const Xorb& xorb, std::uint64_t usedBytes) {
  std::uint64_t open = xorb.uploaded ? std::min(xorb.openBytes, xorb.bytes - std::min(xorb.bytes, usedBytes)) : 0;
  transaction.run("UPDATE xet_xorb SET used_at = $2, open_bytes = $3 WHERE id = $1", {xorb.id, nowMillis(), open});
  returnStorage(workspace, static_cast<std::int64_t>(xorb.openBytes - open));
}

bool xorbKeepsContent(db::Transaction& transaction, std::string_view digest, std::int64_t uploadsSince,
                      std::int64_t now) {
  static const std::string sql = fmt::format("SELECT 1 FROM xet_xorb WHERE digest = $3 AND {} LIMIT 1", kept);
  return transaction.query(sql, {uploadsSince, now - limits::xetXorbMillis, digest}).next();
}

void removeOldXorbs(db::Transaction& transaction, std::int64_t uploadsSince, std::int64_t now) {
  static const std::string sql = fmt::format("DELETE FROM xet_xorb WHERE NOT ({})", kept);
  transaction.run(sql, {uploadsSince, now - limits::xetXorbMillis});
}

}  // namespace regesta::registry
