#include "registry/import_version.h"

#include <algorithm>

#include "base/error.h"

namespace regesta::registry {
namespace {

SourceTimes past(const Change& change, const SourceTimes& times) {
  std::int64_t created = times.createdAt > 0 ? std::min(times.createdAt, change.now) : change.now;
  std::int64_t updated = times.updatedAt > 0 ? std::min(times.updatedAt, change.now) : created;
  return {created, std::max(created, updated)};
}

}  // namespace

void reserveNumber(Change& change, const Asset& asset, std::int64_t number) {
  if (number < 1) throw Invalid("version", "must be at least 1");
  std::int64_t changed =
      change.transaction.run("UPDATE asset SET last_number = $2, updated_at = $3 WHERE id = $1 AND last_number <= $2",
                             {asset.id, number - 1, change.now});
  if (changed == 0)
    throw error(Code::exists, "{} '{}' already used version number {}", kindName(asset.key.kind), asset.key.name,
                number);
}

void keepTimes(Change& change, const Asset& asset, const SourceTimes& times) {
  SourceTimes kept = past(change, times);
  change.transaction.run("UPDATE asset SET created_at = $2, updated_at = $3 WHERE id = $1",
                         {asset.id, kept.createdAt, kept.updatedAt});
}

void keepTimes(Change& change, const Version& version, const SourceTimes& times) {
  SourceTimes kept = past(change, times);
  change.transaction.run("UPDATE version SET created_at = $2, updated_at = $3 WHERE id = $1",
                         {version.id, kept.createdAt, kept.updatedAt});
}

}  // namespace regesta::registry
