#pragma once
#include <optional>
#include <string>

#include "api/oci/digest.h"
#include "registry/version.h"

namespace regesta::api::oci {

/// The empty config of artifacts, "{}".
inline constexpr std::string_view emptyConfig = "{}";
inline constexpr std::string_view emptyConfigDigest =
    "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/// The manifest that a version from another front is pulled with. It is made of what cannot change (number, SemVer and
/// files), so its bytes are the same at each time. Empty for a version without stored files, or with more of them than
/// a manifest may name.
std::optional<std::string> exportManifest(db::Transaction& transaction, const registry::Version& version);

/// The version with that manifest, among those that an alias points to; no others can be named.
std::optional<registry::Version> findExported(db::Transaction& transaction, const registry::Asset& asset,
                                              const Digest& digest);
/// Whether an alias of the asset points to a version with such a manifest.
bool exportsAny(db::Transaction& transaction, const registry::AssetKey& key);

}  // namespace regesta::api::oci
