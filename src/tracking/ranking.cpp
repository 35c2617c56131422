#include "tracking/ranking.h"

#include "base/limits.h"
#include "filter/query_error.h"

namespace regesta::tracking {

void checkMaxResults(std::int64_t maxResults) { filter::checkPageSize(maxResults, limits::trackingSearchResults); }

std::int64_t checkedOffset(std::int64_t offset) {
  constexpr std::int64_t most = 1'000'000'000;
  if (offset < 0 || offset > most) filter::refusePageToken("range", std::to_string(offset));
  return offset;
}

std::int64_t pageOffset(std::string_view token) { return checkedOffset(filter::parsePageToken(token)); }

}  // namespace regesta::tracking
