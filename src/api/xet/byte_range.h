#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace regesta::api::xet {

struct ByteRange {
  std::uint64_t first = 0, last = 0;  ///< both included
  bool operator==(const ByteRange&) const = default;
};

/// "bytes=0-99,200-299" in its own order. Throws Error{invalid} for anything else, and for more ranges than
/// limits::xetRanges.
std::vector<ByteRange> readByteRanges(std::string_view header);

/// The one range of a file that "bytes=a-b", "bytes=a-" or "bytes=-n" means; without a header the whole. Nothing when
/// it begins after the end (status 416).
std::optional<ByteRange> rangeOfFile(std::optional<std::string_view> header, std::uint64_t size);

/// Sorted, with those that touch or overlap joined.
std::vector<ByteRange> joined(std::vector<ByteRange> ranges);
/// Whether a range lies in one of `allowed`, which joined() made.
bool isWithin(const ByteRange& range, const std::vector<ByteRange>& allowed);

}  // namespace regesta::api::xet
