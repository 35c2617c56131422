#pragma once
#include <cstddef>
#include <cstdint>

/// The limits of content that comes in parts, or from signed addresses, by name.
namespace regesta::limits {

inline constexpr std::int64_t xetTokenSeconds = 900;          // a token of the hub for the content-addressed store
inline constexpr std::int64_t xetUrlSeconds = 3600;           // a signed URL of a xorb
inline constexpr std::int64_t partAddressSeconds = 6 * 3600;  // a signed address for the parts of one upload
inline constexpr std::int64_t fileAddressSeconds = 3600;      // a signed address to download one file
inline constexpr std::size_t xetShard = 64 * 1024 * 1024;     // one shard; the protocol's own
inline constexpr std::uint64_t xetShardBytes = std::uint64_t{1} << 40;  // of all files of one shard together
inline constexpr std::uint64_t xetShardChunks = 32'000'000;             // of all files of one shard together
inline constexpr std::size_t xetShardRuns = 500'000;  // of chunks that lie in a row in one pack, of one file
inline constexpr std::size_t xetTerms = 200'000;      // in the answer to one query for a reconstruction
inline constexpr std::size_t xetRanges = 2'000;       // in one request for bytes of a xorb
inline constexpr std::size_t xetFiles = 1'000;        // in one query for reconstructions
/// How long a xorb can be referred to after a shard used it last. Clients remember xorbs for three weeks.
inline constexpr std::int64_t xetXorbMillis = 28LL * 86'400'000;

}  // namespace regesta::limits
