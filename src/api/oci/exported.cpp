#include "api/oci/exported.h"

#include <set>

#include "api/oci/manifest.h"
#include "base/json.h"
#include "base/limits_oci.h"
#include "registry/pointer.h"
#include "registry/version_files.h"

namespace regesta::api::oci {
namespace {

constexpr std::string_view exportedType = "application/vnd.regesta.version.v1";
constexpr std::string_view emptyType = "application/vnd.oci.empty.v1+json";

void writeDescriptor(JsonWriter& writer, std::string_view type, std::string_view digest, std::int64_t size) {
  writer.object().key("mediaType").text(type).key("digest").text(digest).key("size").number(size);
}

bool hasFewFiles(db::Transaction& transaction, const registry::Version& version) {
  db::Rows rows = transaction.query("SELECT count(*) FROM version_file WHERE version = $1", {version.id});
  rows.next();
  return rows.integer(0) > 0 && rows.integer(0) <= static_cast<std::int64_t>(limits::ociDescriptors);
}

/// Versions that aliases point to and no manifest made, each once.
std::vector<registry::Version> aliasedVersions(db::Transaction& transaction, const registry::Asset& asset) {
  std::set<std::int64_t> numbers;
  {
    db::Rows rows = transaction.query(
        "SELECT DISTINCT l.number FROM alias l JOIN version v ON v.asset = l.asset AND v.number = l.number "
        "LEFT JOIN version_tag t ON t.version = v.id AND t.key = 'oci.manifest.media-type' "
        "WHERE l.asset = $1 AND v.deleted = 0 AND t.key IS NULL LIMIT $2",
        {asset.id, limits::ociExported});
    while (rows.next()) numbers.insert(rows.integer(0));
  }
  std::vector<registry::Version> versions;
  for (std::int64_t number : numbers)
    if (auto version = registry::findVersion(transaction, asset.key, number)) versions.push_back(*std::move(version));
  return versions;
}

}  // namespace

std::optional<std::string> exportManifest(db::Transaction& transaction, const registry::Version& version) {
  if (registry::contentOf(transaction, version) != registry::Content::stored || !hasFewFiles(transaction, version))
    return std::nullopt;
  std::vector<registry::VersionFile> files = registry::versionFiles(transaction, version);
  std::ranges::sort(files, {}, &registry::VersionFile::path);
  std::string text;
  JsonWriter writer(text);
  writer.object().key("schemaVersion").number(2).key("mediaType").text(imageManifest);
  writer.key("artifactType").text(exportedType).key("config");
  writeDescriptor(writer, emptyType, emptyConfigDigest, static_cast<std::int64_t>(emptyConfig.size()));
  writer.end().key("layers").array();
  for (const registry::VersionFile& file : files) {
    writeDescriptor(writer, "application/octet-stream", Digest::ofContent(file.digest).text, file.size);
    writer.key("annotations").object().key("org.opencontainers.image.title").text(file.path).end().end();
  }
  writer.end().key("annotations").object().key("regesta.version").text(std::to_string(version.number));
  if (!version.semver.empty()) writer.key("org.opencontainers.image.version").text(version.semver);
  writer.end().end();
  return text.size() <= limits::ociManifest ? std::optional(std::move(text)) : std::nullopt;
}

std::optional<registry::Version> findExported(db::Transaction& transaction, const registry::Asset& asset,
                                              const Digest& digest) {
  for (registry::Version& version : aliasedVersions(transaction, asset))
    if (auto text = exportManifest(transaction, version); text && digestOf(*text, digest).text == digest.text)
      return std::move(version);
  return std::nullopt;
}

bool exportsAny(db::Transaction& transaction, const registry::AssetKey& key) {
  auto asset = registry::findAsset(transaction, key);
  if (!asset) return false;
  for (const registry::Version& version : aliasedVersions(transaction, *asset))
    if (registry::contentOf(transaction, version) == registry::Content::stored && hasFewFiles(transaction, version))
      return true;
  return false;
}

}  // namespace regesta::api::oci
