#pragma once
#include <cstddef>
#include <cstdint>

/// What OCI clients may send and leave behind.
namespace regesta::limits {

inline constexpr std::size_t ociManifest = 4 * 1024 * 1024;         // bytes; the least that a registry must accept
inline constexpr std::size_t ociDescriptors = 10'000;               // layers, or manifests of an index
inline constexpr std::size_t ociTagsOfPush = 100;                   // tags that one manifest is pushed with
inline constexpr std::size_t ociTags = 1000;                        // in one page
inline constexpr std::size_t ociReferrers = 200;                    // in one page
inline constexpr std::size_t ociReferrersAnswer = 4 * 1024 * 1024;  // bytes of one page of referrers
inline constexpr std::size_t ociExported = 100;       // aliased versions of other fronts that a digest is compared with
inline constexpr std::size_t ociRepositories = 1000;  // in one page of the catalog
inline constexpr std::int64_t ociUploads = 256;       // under way, of one identity
inline constexpr std::int64_t ociUploadBytes = std::int64_t{1} << 40;  // of them, together
inline constexpr std::int64_t ociUploadPieces = 10'000;                // requests that bring one blob
inline constexpr std::int64_t ociUploadMillis = 24LL * 3'600'000;      // that an upload may pause
inline constexpr std::int64_t ociBlobMillis = 7 * 24LL * 3'600'000;    // that a blob waits for its manifest

}  // namespace regesta::limits
