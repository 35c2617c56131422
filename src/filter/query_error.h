#pragma once
#include "base/broken_rule.h"

namespace regesta::filter {

/// The rules for search queries: filters, orders, pages and aggregations. `value` is what breaks the rule; the comments
/// name the `facts`.
enum class QueryRule {
  blank,           ///< nothing but white space; Grammar::noun
  clause,          ///< Grammar::noun
  statements,      ///< after a semicolon
  sign,            ///< no comparator
  entity,          ///< Grammar::noun, then the entities that it has
  attribute,       ///< the attributes that the grammar has
  datasetKey,      ///< the keys that a dataset has
  spanKey,         ///< the keys that a span has
  issueKey,        ///< the keys that an issue has
  issueField,      ///< the fields that searches of issues have
  metricFilter,    ///< of trace metrics: "clause", "identifier", "view", "entity", "key", "no key", "comparator",
                   ///< "value" or "view type"; then the view, the entity, and what is valid instead
  comparator,      ///< Grammar::noun, field, key, "number" or "text", then the comparators that the field supports
  nullTest,        ///< field, key
  listAttribute,   ///< the attributes that support IN
  listShape,       //
  listItem,        //
  listEmpty,       //
  quotes,          ///< a value without quotes
  text,            ///< Grammar::noun, field
  metricNumber,    //
  number,          ///< key
  integer,         ///< key
  pattern,         ///< what is wrong
  prompt,          ///< not "name/version"
  order,           //
  orderDirection,  //
  orderKey,        ///< the keys that an order supports; none, or "metrics", for logged models
  orderField,      ///< the kind of field that an order does not support; "" for any
  orderRepeated,   ///< all fields of the order
  pageSize,        ///< the largest size
  pageToken,       ///< "encoding", "content", "number", "range", or "query" for one that belongs to a query
  pageTokenQuery,  ///< member of the query, its value now, its value in the token
  aggregation,     ///< the aggregations that the metric supports
  dimension,       ///< the dimensions that the metric has
};

using QueryError = BrokenRule<QueryRule>;

/// Throw QueryError for the field "filter", "order_by", "page_token".
[[noreturn]] void refuseFilter(QueryRule id, std::string rule, std::string_view value = {},
                               std::vector<std::string> facts = {});
[[noreturn]] void refuseOrder(QueryRule id, std::string rule, std::string_view value = {},
                              std::vector<std::string> facts = {});
[[noreturn]] void refusePageToken(std::string_view reason, std::string_view shown = {});

/// Throws QueryError unless 1 ≤ size ≤ most.
void checkPageSize(std::int64_t size, std::int64_t most);

}  // namespace regesta::filter
