#include "registry/rows.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "db/columns.h"

namespace regesta::registry::rows {
namespace {

Tags readTags(db::Rows rows) {
  Tags tags;
  while (rows.next()) tags.emplace(rows.text(0), rows.text(1));
  return tags;
}

}  // namespace

Asset asset(db::Rows& rows, int first) {
  constexpr db::Columns at(assetColumns);
  std::optional<Kind> kind = parseKind(rows.view(first + at["kind"]));
  REGESTA_INVARIANT(kind.has_value());
  Asset result;
  result.id = rows.integer(first + at["id"]);
  result.key = {rows.text(first + at["workspace"]), *kind, rows.text(first + at["name"])};
  result.description = rows.text(first + at["description"]);
  result.createdAt = rows.integer(first + at["created_at"]);
  result.updatedAt = rows.integer(first + at["updated_at"]);
  result.createdBy = rows.text(first + at["created_by"]);
  return result;
}

Version version(db::Rows& rows) {
  constexpr db::Columns at(versionColumns);
  Version result;
  result.id = rows.integer(at["id"]);
  result.number = rows.integer(at["number"]);
  result.semver = rows.isNull(at["semver"]) ? "" : rows.text(at["semver"]);
  result.digest = rows.text(at["digest"]);
  result.content = rows.text(at["content"]);
  result.description = rows.text(at["description"]);
  result.stage = rows.text(at["stage"]);
  result.source = rows.text(at["source"]);
  result.storage = rows.text(at["storage"]);
  result.runId = rows.text(at["run_id"]);
  result.runLink = rows.text(at["run_link"]);
  result.modelId = rows.text(at["model_id"]);
  result.createdAt = rows.integer(at["created_at"]);
  result.updatedAt = rows.integer(at["updated_at"]);
  result.createdBy = rows.text(at["created_by"]);
  result.archivedAt = rows.integer(at["archived_at"]);
  return result;
}

Tags assetTags(db::Transaction& transaction, std::int64_t asset) {
  return readTags(transaction.query("SELECT key, value FROM asset_tag WHERE asset = $1", {asset}));
}

Tags versionTags(db::Transaction& transaction, std::int64_t version) {
  return readTags(transaction.query("SELECT key, value FROM version_tag WHERE version = $1", {version}));
}

void touch(Change& change, std::int64_t asset) {
  change.transaction.run("UPDATE asset SET updated_at = $2 WHERE id = $1", {asset, change.now});
}

void checkTag(std::string_view key, std::string_view value) {
  if (key.empty()) throw Invalid("key", "is required");
  if (characterCount(key) > limits::nameLength)
    throw Invalid("key", fmt::format("must be at most {} characters", limits::nameLength));
  if (characterCount(value) > limits::tagValueLength)
    throw Invalid("value", fmt::format("must be at most {} characters", limits::tagValueLength));
  if (!isUtf8(key) || key.find('\0') != key.npos) throw Invalid("key", "must be UTF-8 text");
  if (hasInvisible(key)) throw Invalid("key", "must not contain invisible characters");
  if (!isUtf8(value) || value.find('\0') != value.npos) throw Invalid("value", "must be UTF-8 text");
}

void checkDescription(std::string_view description) {
  if (description.size() > limits::descriptionLength)
    throw Invalid("description", fmt::format("must be at most {} bytes", limits::descriptionLength));
  if (!isUtf8(description) || description.find('\0') != description.npos)
    throw Invalid("description", "must be UTF-8 text");
}

void putVersionTag(Change& change, const Version& version, std::string_view key, std::string_view value) {
  checkTag(key, value);
  if (change.transaction.run("UPDATE version_tag SET value = $3 WHERE version = $1 AND key = $2",
                             {version.id, key, value}) == 0)
    change.transaction.run("INSERT INTO version_tag (version, key, value) VALUES ($1, $2, $3)",
                           {version.id, key, value});
  change.record(Action::versionTagSet, version.asset.key.workspace, version.subject(), tagData(key, value));
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
