#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace regesta::rollout {

/// MurmurHash3 x86 32 (Austin Appleby, public domain) of a + b, any bytes.
std::uint32_t murmur3(std::string_view a, std::string_view b = {}, std::uint32_t seed = 0);

/// flagd's bucket of 0 … weight-1: (hash * weight) >> 32. `weight` at most 2^31-1.
constexpr std::uint32_t bucketOf(std::uint32_t hash, std::uint32_t weight) {
  return static_cast<std::uint32_t>((std::uint64_t{hash} * weight) >> 32);
}

/// "production.b17": the 18th of a hundred buckets of "production", for clients that can send a label but no key.
struct BucketLabel {
  std::string_view alias;
  int bucket = 0;  ///< 0 … 99
};
/// Empty if `label` does not end in .b0 … .b99.
std::optional<BucketLabel> parseBucketLabel(std::string_view label);

}  // namespace regesta::rollout
