#include "registry/rows.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/hash.h"

namespace regesta::registry::rows {
namespace {

Tags readTags(db::Rows rows) {
  Tags tags;
  while (rows.next()) tags.emplace(rows.text(0), rows.text(1));
  return tags;
}

}  // namespace

Asset asset(db::Rows& rows, int first) {
  std::optional<Kind> kind = parseKind(rows.view(first + 2));
  REGESTA_INVARIANT(kind.has_value());
  Asset result;
  result.id = rows.integer(first);
  result.key = {rows.text(first + 1), *kind, rows.text(first + 3)};
  result.description = rows.text(first + 4);
  result.createdAt = rows.integer(first + 5);
  result.updatedAt = rows.integer(first + 6);
  result.createdBy = rows.text(first + 7);
  return result;
}

Version version(db::Rows& rows) {
  Version result;
  result.id = rows.integer(0);
  result.number = rows.integer(1);
  result.semver = rows.isNull(2) ? "" : rows.text(2);
  result.digest = rows.text(3);
  result.content = rows.text(4);
  result.description = rows.text(5);
  result.stage = rows.text(6);
  result.source = rows.text(7);
  result.storage = rows.text(8);
  result.runId = rows.text(9);
  result.runLink = rows.text(10);
  result.modelId = rows.text(11);
  result.createdAt = rows.integer(12);
  result.updatedAt = rows.integer(13);
  result.createdBy = rows.text(14);
  return result;
}

Tags assetTags(db::Session& session, std::int64_t asset) {
  return readTags(session.query("SELECT key, value FROM asset_tag WHERE asset = $1", {asset}));
}

Tags versionTags(db::Session& session, std::int64_t version) {
  return readTags(session.query("SELECT key, value FROM version_tag WHERE version = $1", {version}));
}

void touch(Change& change, std::int64_t asset) {
  change.session.run("UPDATE asset SET updated_at = $2 WHERE id = $1", {asset, change.now});
}

void checkTag(std::string_view key, std::string_view value) {
  if (key.empty()) throw Invalid("key", "is required");
  if (characterCount(key) > limits::nameLength)
    throw Invalid("key", fmt::format("must be at most {} characters", limits::nameLength));
  if (characterCount(value) > limits::tagValueLength)
    throw Invalid("value", fmt::format("must be at most {} characters", limits::tagValueLength));
  if (!isUtf8(key) || key.find('\0') != key.npos) throw Invalid("key", "must be UTF-8 text");
  if (!isUtf8(value) || value.find('\0') != value.npos) throw Invalid("value", "must be UTF-8 text");
}

void checkDescription(std::string_view description) {
  if (description.size() > limits::descriptionLength)
    throw Invalid("description", fmt::format("must be at most {} bytes", limits::descriptionLength));
  if (!isUtf8(description) || description.find('\0') != description.npos)
    throw Invalid("description", "must be UTF-8 text");
}

json::object tagData(std::string_view key, std::string_view value) {
  return {{"digest", crypto::sha256Hex(value)}, {"key", key}};
}

json::object digestsOf(const Tags& tags) {
  json::object out;
  for (const auto& [key, value] : tags) out[key] = crypto::sha256Hex(value);
  return out;
}

}  // namespace regesta::registry::rows
