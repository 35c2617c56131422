#include "filter/query_error.h"

namespace regesta::filter {

void refuseFilter(QueryRule id, std::string rule, std::string_view value, std::vector<std::string> facts) {
  throw QueryError(id, "filter", std::move(rule), value, std::move(facts));
}

void refuseOrder(QueryRule id, std::string rule, std::string_view value, std::vector<std::string> facts) {
  throw QueryError(id, "order_by", std::move(rule), value, std::move(facts));
}

void refusePageToken(std::string_view reason, std::string_view shown) {
  throw QueryError(QueryRule::pageToken, "page_token", "must be the token of the page before", shown,
                   {std::string(reason)});
}

void checkPageSize(std::int64_t size, std::int64_t most) {
  if (size >= 1 && size <= most) return;
  throw QueryError(QueryRule::pageSize, "max_results", fmt::format("must be between 1 and {}", most),
                   std::to_string(size), {std::to_string(most)});
}

}  // namespace regesta::filter
