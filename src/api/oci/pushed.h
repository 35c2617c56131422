#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "api/oci/manifest.h"
#include "api/oci/repository.h"
#include "registry/version.h"

namespace regesta::api::oci {

/// Tags of a version that a manifest made; reserved_tag.h keeps everybody else from writing them.
inline constexpr std::string_view typeTag = "oci.manifest.media-type";
inline constexpr std::string_view artifactTag = "oci.manifest.artifact-type";
inline constexpr std::string_view subjectTag = "oci.manifest.subject";
inline constexpr std::string_view digestTag = "oci.manifest.digest";  ///< as it was pushed, unless that is the SHA-256

/// The file of a version that is its manifest, and the one that is its config.
inline constexpr std::string_view manifestFile = ".oci/manifest.json";
inline constexpr std::string_view configFile = ".oci/config.json";

/// A version with its manifest.
struct VersionManifest {
  registry::Version version;
  blob::Stored content;
  std::string exported;  ///< the text for a version from another front (exported.h), which is not stored
  std::string mediaType() const;
  Digest digest() const;  ///< as it was pushed
};
/// By a tag or a digest. Empty when the repository has no such manifest.
std::optional<VersionManifest> findManifest(db::Transaction& transaction, const Repository& repository,
                                            std::string_view reference);
/// Of a version that a manifest made; empty for others.
std::optional<VersionManifest> manifestOf(db::Transaction& transaction, registry::Version version);

/// The files of a manifest's version: the manifest, the config, and each layer under its title or its digest.
/// Throws OciError{MANIFEST_BLOB_UNKNOWN} for what is not in the repository, OciError{MANIFEST_INVALID} for a size that
/// is not the blob's.
std::vector<registry::VersionFile> filesOf(db::Transaction& transaction, const Repository& repository,
                                           const Manifest& manifest, const blob::Stored& content);

/// Makes the manifest a version, or finds the one that it is already.
registry::Version registerManifest(registry::Change& change, const Repository& repository, const Manifest& manifest,
                                   const blob::Stored& content, const Digest& digest);

}  // namespace regesta::api::oci
