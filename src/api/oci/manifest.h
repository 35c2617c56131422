#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/oci/digest.h"
#include "base/json.h"

namespace regesta::api::oci {

inline constexpr std::string_view imageManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view imageIndex = "application/vnd.oci.image.index.v1+json";

/// What one manifest says about one blob.
struct Descriptor {
  Digest digest;
  std::int64_t size = 0;
  std::string title;       ///< the file name that its annotations give; empty: none
  bool elsewhere = false;  ///< a layer that is not distributed: its bytes may be missing
};

/// An image manifest or an index, of OCI or Docker.
struct Manifest {
  std::string mediaType;
  std::string artifactType;  ///< for an image without one, its config's media type
  std::optional<Descriptor> config;
  std::vector<Descriptor> layers;
  std::vector<Descriptor> manifests;  ///< of an index
  std::optional<Digest> subject;
};

/// Reads a manifest. `contentType` is the request's; the manifest's own media type must not contradict it. Throws
/// OciError{MANIFEST_INVALID} that names the member. The text is not changed by anything: it is stored as it is.
Manifest parseManifest(std::string_view text, std::string_view contentType);

}  // namespace regesta::api::oci
