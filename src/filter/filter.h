#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace regesta {
class Pattern;  // base/pattern.h
}

namespace regesta::filter {

/// MLflow's search language (its `filter_string`), used by all searches: conjunctions of comparisons. Each search
/// defines its fields.
enum class Comparator {
  equal,
  notEqual,
  less,
  lessOrEqual,
  greater,
  greaterOrEqual,
  like,
  ilike,
  in,
  notIn,
  isNull,
  isNotNull,
  rlike  ///< a regular expression is found somewhere in the text; traces only
};

/// From metadata on: traces only.
enum class Field { attribute, metric, param, tag, dataset, metadata, span, feedback, expectation, issue };

struct Condition {
  Field field = Field::attribute;
  std::string key;  ///< canonical attribute name, or the metric/param/tag key
  Comparator comparator = Comparator::equal;
  std::variant<std::monostate, double, std::string, std::vector<std::string>> operand;
  std::shared_ptr<const Pattern> pattern;  ///< rlike: the operand, compiled once per search
};

/// A field of a search: maps a written attribute name to the canonical one and its type.
struct Attribute {
  std::string_view written, canonical;
  bool numeric = false;
  bool list = false;  ///< IN and NOT IN allowed
};
struct Grammar {
  std::vector<Attribute> attributes;
  bool metrics = false, params = false, tags = false, datasets = false;
  bool textLists = false;  ///< IN and NOT IN on params and tags too
  bool traces = false;     ///< metadata, span, feedback, expectation, issue; RLIKE
  std::string_view noun;   ///< for messages: "run", "experiment", "registered model", …
};

/// Throws QueryError (query_error.h); Invalid for a filter that is too large.
std::vector<Condition> parseFilter(std::string_view text, const Grammar& grammar);

struct OrderBy {
  Field field = Field::attribute;
  std::string key;
  bool ascending = true;
};
/// Throws QueryError.
OrderBy parseOrderBy(std::string_view text, const Grammar& grammar);
/// Throws Invalid for more than 50, because every row is compared by each of them.
void checkOrderCount(std::size_t count);

/// A row's value of a field; monostate: none.
using Cell = std::variant<std::monostate, double, std::string>;
/// A row without the value matches only IS NULL.
bool matches(const Condition& condition, const Cell& cell);
/// Missing last both ways, NaN after numbers and before missing.
bool comesBefore(const Cell& a, const Cell& b, bool ascending);
/// Equal for the ordering (both missing, both NaN, or equal).
bool sameOrder(const Cell& a, const Cell& b);

/// MLflow's offset tokens: base64 of {"offset":N}. Throws QueryError for an invalid one.
std::string pageToken(std::int64_t offset);
std::int64_t parsePageToken(std::string_view token);

}  // namespace regesta::filter
