#include "rollout/bucket.h"

#include <bit>
#include <cstring>

#include "base/text.h"

namespace regesta::rollout {
namespace {

constexpr std::uint32_t c1 = 0xcc9e2d51, c2 = 0x1b873593;

std::uint32_t scramble(std::uint32_t k) { return std::rotl(k * c1, 15) * c2; }

std::uint32_t finish(std::uint32_t h) {
  h ^= h >> 16;
  h *= 0x85ebca6b;
  h ^= h >> 13;
  h *= 0xc2b2ae35;
  return h ^ (h >> 16);
}

}  // namespace

std::uint32_t murmur3(std::string_view a, std::string_view b, std::uint32_t seed) {
  std::uint32_t h = seed, word = 0;
  std::uint32_t filled = 0;
  // Little-endian words over both parts as if they were concatenated.
  auto take = [&](std::string_view part) {
    for (char c : part) {
      word |= std::uint32_t{static_cast<unsigned char>(c)} << (8 * filled);
      if (++filled < 4) continue;
      h = std::rotl(h ^ scramble(word), 13) * 5 + 0xe6546b64;
      word = filled = 0;
    }
  };
  take(a);
  take(b);
  if (filled > 0) h ^= scramble(word);
  return finish(h ^ static_cast<std::uint32_t>(a.size() + b.size()));
}

std::optional<BucketLabel> parseBucketLabel(std::string_view label) {
  std::size_t dot = label.rfind(".b");
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  std::string_view digits = label.substr(dot + 2);
  if (digits.empty() || digits.size() > 2 || (digits.size() == 2 && digits[0] == '0')) return std::nullopt;
  auto bucket = parseInteger(digits);
  if (!bucket || *bucket < 0) return std::nullopt;
  return BucketLabel{label.substr(0, dot), static_cast<int>(*bucket)};
}

}  // namespace regesta::rollout
