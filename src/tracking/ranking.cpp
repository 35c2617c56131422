#include "tracking/ranking.h"

#include "base/error.h"
#include "base/limits.h"

namespace regesta::tracking {

void checkMaxResults(std::int64_t maxResults) {
  if (maxResults < 1)
    throw error(Code::invalid, "Invalid value {} for parameter 'max_results' supplied. It must be a positive integer",
                maxResults);
  if (maxResults > static_cast<std::int64_t>(limits::trackingSearchResults))
    throw error(Code::invalid, "Invalid value {} for parameter 'max_results' supplied. It must be at most {}",
                maxResults, limits::trackingSearchResults);
}

std::int64_t checkedOffset(std::int64_t offset) {
  constexpr std::int64_t most = 1'000'000'000;
  if (offset < 0 || offset > most) throw error(Code::invalid, "Invalid page token, offset {} is out of range", offset);
  return offset;
}

std::int64_t pageOffset(std::string_view token) { return checkedOffset(filter::parsePageToken(token)); }

}  // namespace regesta::tracking
