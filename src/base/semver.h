#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regesta {

/// Semantic Versioning 2.0.0. Build metadata is kept but takes no part in the order.
struct SemVer {
  std::uint64_t major = 0, minor = 0, patch = 0;
  std::string prerelease, build;

  static std::optional<SemVer> parse(std::string_view text);
  std::string str() const;
  std::weak_ordering operator<=>(const SemVer& other) const;
  bool operator==(const SemVer& other) const { return (*this <=> other) == 0; }
};

/// Ranges as npm writes them, the common part: "1.4.2", "^1.2", "~1.4", ">=1.2 <2", "1.x", "*".
/// Empty optional when `range` is not one of these.
std::optional<bool> inRange(const SemVer& version, std::string_view range);

}  // namespace regesta
