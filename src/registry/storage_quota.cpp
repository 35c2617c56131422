#include "registry/storage_quota.h"

#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <unordered_map>

#include "base/error.h"
#include "base/sync.h"
#include "base/time.h"
#include "registry/version.h"

namespace regesta::registry {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::minutes countedFor{1};                            // other servers add to it, too
constexpr std::int64_t uploadMillis = std::int64_t{7} * 24 * 3'600'000;  // an upload that became part of nothing goes

/// What was counted, and what was added since: an upper bound, because content that is there already adds nothing.
struct Usage {
  std::int64_t bytes = 0;
  bool exact = false;
  Clock::time_point countedAt{};
};

std::atomic<std::int64_t> quota{0};

Sync<std::unordered_map<std::string, Usage>>& usages() {
  static Sync<std::unordered_map<std::string, Usage>> all;
  return all;
}

std::int64_t count(db::Transaction& transaction, std::string_view workspace) {
  // Of what Xet clients uploaded, bytes that no file is made of yet have no digest of their own.
  db::Rows rows = transaction.query(
      "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM (SELECT digest, MAX(size) AS size FROM ("
      "SELECT digest, size FROM tree_file WHERE workspace = $1 UNION ALL "
      "SELECT content, size FROM oci_blob WHERE workspace = $1 AND pushed_at > 0 UNION ALL "
      "SELECT p.digest, p.size FROM oci_upload_piece p JOIN oci_upload u ON u.id = p.upload WHERE u.workspace = $1 "
      "UNION ALL "
      "SELECT digest, size FROM blob_alias WHERE workspace = $1 UNION ALL "
      "SELECT digest, size FROM blob_upload WHERE workspace = $1 AND at > $2 UNION ALL "
      "SELECT p.digest, p.size FROM upload_part p JOIN part_upload u ON u.id = p.upload WHERE u.workspace = $1 UNION "
      "ALL "
      "SELECT f.digest, f.size FROM version_file f JOIN version v ON v.id = f.version JOIN asset a ON a.id = v.asset "
      "WHERE a.workspace = $1) AS files GROUP BY digest UNION ALL "
      "SELECT '', open_bytes AS size FROM xet_xorb WHERE workspace = $1) AS contents",
      {workspace, nowMillis() - uploadMillis});
  rows.next();
  return rows.integer(0);
}

/// What the workspace holds; counted again when that is due or `more` bytes would not fit into what is only estimated.
std::int64_t held(db::Transaction& transaction, std::string_view workspace, std::int64_t more) {
  {
    auto all = usages().lock();
    const Usage& known = (*all)[std::string(workspace)];
    bool fresh = known.countedAt != Clock::time_point{} && Clock::now() - known.countedAt < countedFor;
    if (fresh && (known.exact || more <= quota - known.bytes)) return known.bytes;
  }
  std::int64_t bytes = count(transaction, workspace);
  (*usages().lock())[std::string(workspace)] = {bytes, true, Clock::now()};
  return bytes;
}

bool holds(db::Transaction& transaction, std::string_view workspace, std::string_view digest) {
  return transaction
             .query(
                 "SELECT 1 FROM version_file f JOIN version v ON v.id = f.version JOIN asset a ON a.id = v.asset "
                 "WHERE f.digest = $1 AND a.workspace = $2 LIMIT 1",
                 {digest, workspace})
             .next() ||
         transaction.query("SELECT 1 FROM tree_file WHERE digest = $1 AND workspace = $2 LIMIT 1", {digest, workspace})
             .next();
}

}  // namespace

void setStorageQuota(std::int64_t bytesPerWorkspace) { quota = bytesPerWorkspace; }

std::int64_t storageQuota() { return quota; }

void requireStorage(db::Transaction& transaction, std::string_view workspace, std::int64_t more) {
  if (quota == 0 || more == 0) return;
  std::int64_t bytes = held(transaction, workspace, more);
  if (more <= quota - bytes) return;
  throw OverQuota(fmt::format(
      "the workspace '{}' holds {} bytes of files and may hold {} (quota.workspace-bytes): {} more do not fit. "
      "Delete files and artifacts (`regesta usage` shows where they are), or ask an operator to raise the quota",
      workspace, bytes, quota.load(), more));
}

void takeStorage(db::Transaction& transaction, std::string_view workspace, std::int64_t more) {
  if (quota == 0 || more == 0) return;
  requireStorage(transaction, workspace, more);
  auto all = usages().lock();
  Usage& usage = (*all)[std::string(workspace)];
  usage.bytes += more;
  usage.exact = false;
}

void takeStorage(db::Transaction& transaction, std::string_view workspace, std::span<const VersionFile> files) {
  std::int64_t all = 0, fresh = 0;
  for (const VersionFile& file : files) all += file.size;
  try {
    return takeStorage(transaction, workspace, all);
  } catch (const Error& full) {
    if (full.code != Code::tooLarge) throw;
  }
  std::set<std::string_view> seen;
  for (const VersionFile& file : files)
    if (seen.insert(file.digest).second && !holds(transaction, workspace, file.digest)) fresh += file.size;
  takeStorage(transaction, workspace, fresh);
}

void returnStorage(std::string_view workspace, std::int64_t bytes) {
  auto all = usages().lock();
  auto known = all->find(std::string(workspace));
  if (known == all->end()) return;
  known->second.bytes -= bytes;
  known->second.exact = false;
}

void recountStorage(std::string_view workspace) { usages().lock()->erase(std::string(workspace)); }

}  // namespace regesta::registry
