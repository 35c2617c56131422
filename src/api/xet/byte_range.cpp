#include "api/xet/byte_range.h"

#include <algorithm>

#include "base/error.h"
#include "base/limits_content.h"
#include "base/text.h"

namespace regesta::api::xet {
namespace {

constexpr std::string_view unit = "bytes=";

[[noreturn]] void refuse() { throw Invalid("Range", "must be bytes=FIRST-LAST, or several such ranges after commas"); }

std::uint64_t numberOf(std::string_view text) {
  auto number = parseInteger(text);
  if (!number || *number < 0 || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) refuse();
  return static_cast<std::uint64_t>(*number);
}

std::string_view rangesOf(std::string_view header) {
  if (!header.starts_with(unit)) refuse();
  return header.substr(unit.size());
}

}  // namespace

std::vector<ByteRange> readByteRanges(std::string_view header) {
  std::vector<ByteRange> ranges;
  for (std::string_view part : split(rangesOf(header), ',')) {
    part = trim(part);
    std::size_t dash = part.find('-');
    if (dash == part.npos) refuse();
    ByteRange range{numberOf(part.substr(0, dash)), numberOf(part.substr(dash + 1))};
    if (range.first > range.last) refuse();
    ranges.push_back(range);
    if (ranges.size() > limits::xetRanges)
      throw Invalid("Range", fmt::format("must have at most {} ranges", limits::xetRanges));
  }
  return ranges;
}

std::optional<ByteRange> rangeOfFile(std::optional<std::string_view> header, std::uint64_t size) {
  if (!header) return size == 0 ? std::nullopt : std::optional(ByteRange{0, size - 1});
  std::string_view text = rangesOf(*header);
  std::size_t dash = text.find('-');
  if (dash == text.npos) refuse();
  std::string_view first = text.substr(0, dash), last = text.substr(dash + 1);
  if (first.empty()) {
    std::uint64_t count = std::min(numberOf(last), size);
    return count == 0 ? std::nullopt : std::optional(ByteRange{size - count, size - 1});
  }
  ByteRange range{numberOf(first), last.empty() ? UINT64_MAX : numberOf(last)};
  if (range.first > range.last) refuse();
  if (range.first >= size) return std::nullopt;
  range.last = std::min(range.last, size - 1);
  return range;
}

std::vector<ByteRange> joined(std::vector<ByteRange> ranges) {
  std::ranges::sort(ranges, {}, &ByteRange::first);
  std::vector<ByteRange> whole;
  for (const ByteRange& range : ranges) {
    if (!whole.empty() && range.first <= whole.back().last + 1)
      whole.back().last = std::max(whole.back().last, range.last);
    else
      whole.push_back(range);
  }
  return whole;
}

bool isWithin(const ByteRange& range, const std::vector<ByteRange>& allowed) {
  auto after = std::ranges::upper_bound(allowed, range.first, {}, &ByteRange::first);
  return after != allowed.begin() && range.last <= std::prev(after)->last;
}

}  // namespace regesta::api::xet
