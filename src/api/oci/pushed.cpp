#include "api/oci/pushed.h"

#include <set>

#include "api/oci/dialect.h"
#include "api/oci/exported.h"
#include "crypto/hash.h"
#include "registry/oci_blob.h"
#include "registry/pointer.h"
#include "registry/tree.h"

namespace regesta::api::oci {
namespace {

OciError blobUnknown(const Repository& repository, const Digest& digest) {
  return unknown("MANIFEST_BLOB_UNKNOWN", "repository '{}' does not have {}; push it before the manifest",
                 repository.path, digest.text);
}

/// The file path that a title asks for; an unsafe title is like none.
std::string pathOf(const Descriptor& layer) {
  if (!layer.title.empty()) {
    try {
      std::string path = registry::safePath(layer.title);
      if (!path.empty() && !path.starts_with(".oci/") && path != ".oci") return path;
    } catch (const Error&) {
      // The blob can still be pulled; only its name here is another.
    }
  }
  std::string name = layer.digest.text;
  name[name.find(':')] = '-';
  return "layers/" + name;
}

void addFile(std::vector<registry::VersionFile>& files, std::set<std::string>& paths, std::string path,
             const blob::Stored& stored) {
  if (paths.insert(path).second)
    files.push_back({std::move(path), stored.digest, static_cast<std::int64_t>(stored.size)});
}

blob::Stored requireBlob(db::Transaction& transaction, const Repository& repository, const Descriptor& descriptor) {
  auto stored = registry::findOciBlob(transaction, repository.key, descriptor.digest.text);
  if (!stored) throw blobUnknown(repository, descriptor.digest);
  if (static_cast<std::int64_t>(stored->size) != descriptor.size)
    throw invalid("MANIFEST_INVALID", "the manifest says that {} has {} bytes; it has {}", descriptor.digest.text,
                  descriptor.size, stored->size);
  return *stored;
}

std::int64_t numberWith(db::Transaction& transaction, const registry::AssetKey& key, std::string_view content) {
  db::Rows rows = transaction.query(
      "SELECT v.number FROM version_file f JOIN version v ON v.id = f.version JOIN asset a ON a.id = v.asset "
      "WHERE f.digest = $1 AND f.path = $2 AND v.deleted = 0 AND a.workspace = $3 AND a.kind = $4 AND a.name = $5 "
      "ORDER BY v.number LIMIT 1",
      {content, manifestFile, key.workspace, registry::kindName(key.kind), key.name});
  return rows.next() ? rows.integer(0) : 0;
}

std::int64_t numberOf(db::Transaction& transaction, const Repository& repository, std::string_view reference) {
  if (auto digest = parseDigest(reference)) {
    auto content = registry::findOciBlob(transaction, repository.key, digest->text);
    return content ? numberWith(transaction, repository.key, content->digest) : 0;
  }
  auto asset = registry::findAsset(transaction, repository.key);
  auto alias = asset ? registry::findAlias(transaction, *asset, aliasOfTag(reference)) : std::nullopt;
  return alias ? alias->number : 0;
}

/// The manifest of a version from another front: the one that a tag has led to, or the one with the digest.
std::optional<VersionManifest> exportedOf(db::Transaction& transaction, const Repository& repository,
                                          std::optional<registry::Version> version,
                                          const std::optional<Digest>& digest) {
  if (!version && digest)
    if (auto asset = registry::findAsset(transaction, repository.key))
      version = findExported(transaction, *asset, *digest);
  auto text = version ? exportManifest(transaction, *version) : std::nullopt;
  if (!text) return std::nullopt;
  blob::Stored content{crypto::sha256Hex(*text), text->size()};
  return VersionManifest{*std::move(version), std::move(content), *std::move(text)};
}

registry::NewVersion versionOf(const Manifest& manifest, const Digest& digest) {
  registry::NewVersion made;
  auto note = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) made.origin.emplace(key, value);
  };
  note(typeTag, manifest.mediaType);
  note(artifactTag, manifest.artifactType);
  if (manifest.subject) note(subjectTag, manifest.subject->text);
  if (!digest.isSha256()) note(digestTag, digest.text);
  return made;
}

}  // namespace

std::string VersionManifest::mediaType() const {
  return exported.empty() ? version.tags.at(std::string(typeTag)) : std::string(imageManifest);
}

Digest VersionManifest::digest() const {
  auto given = version.tags.find(std::string(digestTag));
  return given == version.tags.end() ? Digest::ofContent(content.digest) : Digest{given->second};
}

std::optional<VersionManifest> manifestOf(db::Transaction& transaction, registry::Version version) {
  if (!version.tags.contains(std::string(typeTag))) return std::nullopt;
  db::Rows rows = transaction.query("SELECT digest, size FROM version_file WHERE version = $1 AND path = $2",
                                    {version.id, manifestFile});
  if (!rows.next()) return std::nullopt;
  return VersionManifest{std::move(version), {rows.text(0), static_cast<std::uint64_t>(rows.integer(1))}, {}};
}

std::optional<VersionManifest> findManifest(db::Transaction& transaction, const Repository& repository,
                                            std::string_view reference) {
  std::int64_t number = numberOf(transaction, repository, reference);
  auto version = number == 0 ? std::nullopt : registry::findVersion(transaction, repository.key, number);
  if (version && version->tags.contains(std::string(typeTag))) return manifestOf(transaction, *std::move(version));
  return exportedOf(transaction, repository, std::move(version), parseDigest(reference));
}

std::vector<registry::VersionFile> filesOf(db::Transaction& transaction, const Repository& repository,
                                           const Manifest& manifest, const blob::Stored& content) {
  std::vector<registry::VersionFile> files;
  std::set<std::string> paths;
  addFile(files, paths, std::string(manifestFile), content);
  if (manifest.config)
    addFile(files, paths, std::string(configFile), requireBlob(transaction, repository, *manifest.config));
  for (const Descriptor& layer : manifest.layers) {
    if (layer.elsewhere && !registry::findOciBlob(transaction, repository.key, layer.digest.text)) continue;
    blob::Stored stored = requireBlob(transaction, repository, layer);
    std::string path = pathOf(layer);
    if (paths.contains(path)) path = pathOf({layer.digest, layer.size, "", false});  // two layers of one title
    addFile(files, paths, std::move(path), stored);
  }
  for (const Descriptor& child : manifest.manifests)
    if (numberOf(transaction, repository, child.digest.text) == 0) throw blobUnknown(repository, child.digest);
  return files;
}

registry::Version registerManifest(registry::Change& change, const Repository& repository, const Manifest& manifest,
                                   const blob::Stored& content, const Digest& digest) {
  db::Transaction& transaction = change.transaction;
  auto keepDigest = [&] {
    if (!digest.isSha256())
      registry::claimOciBlob(transaction, repository.key, digest.text, content, change.actor.name);
  };
  if (std::int64_t number = numberWith(transaction, repository.key, content.digest)) {
    keepDigest();
    return registry::getVersion(transaction, repository.key, number);
  }
  registry::NewVersion made = versionOf(manifest, digest);
  for (const Descriptor& child : manifest.manifests)
    if (std::int64_t number = numberOf(transaction, repository, child.digest.text))
      made.contains.push_back(fmt::format("{}@{}", repository.key.subject(), number));
  made.files = filesOf(transaction, repository, manifest, content);
  auto claim = [&](const Descriptor& each) {
    if (auto stored = registry::findOciBlob(transaction, repository.key, each.digest.text))
      registry::claimOciBlob(transaction, repository.key, each.digest.text, *stored, change.actor.name);
  };
  std::vector<Descriptor> blobs = manifest.layers;
  if (manifest.config) blobs.push_back(*manifest.config);
  std::set<std::string> claimed;
  for (const Descriptor& each : blobs)
    if (claimed.insert(each.digest.text).second) claim(each);
  keepDigest();
  auto asset = registry::findAsset(transaction, repository.key);
  if (!asset) asset = registry::createAsset(change, repository.key, "", {});
  return registry::createVersion(change, *asset, made);
}

}  // namespace regesta::api::oci
