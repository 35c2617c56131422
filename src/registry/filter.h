#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace regesta::registry {

/// MLflow's search language, which every search here speaks: conjunctions of comparisons
/// (its `filter_string`). One parser for all; each search says which fields it has.
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

class Pattern;

struct Condition {
  Field field = Field::attribute;
  std::string key;  ///< canonical attribute name, or the metric/param/tag key
  Comparator comparator = Comparator::equal;
  std::variant<std::monostate, double, std::string, std::vector<std::string>> operand;
  std::shared_ptr<const Pattern> pattern;  ///< rlike: the operand, compiled
};

/// What a search allows: maps written attribute names to canonical ones and says whether they are numbers.
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

/// Throws Error{invalid} in the words MLflow's server uses.
std::vector<Condition> parseFilter(std::string_view text, const Grammar& grammar);

struct OrderBy {
  Field field = Field::attribute;
  std::string key;
  bool ascending = true;
};
OrderBy parseOrderBy(std::string_view text, const Grammar& grammar);

/// A value that a row has for a field; monostate: it has none.
using Cell = std::variant<std::monostate, double, std::string>;
/// A row that lacks the value never matches, except IS NULL.
bool matches(const Condition& condition, const Cell& cell);
/// Missing last both ways, NaN after numbers and before missing.
bool comesBefore(const Cell& a, const Cell& b, bool ascending);
/// Equal for the ordering (both missing, both NaN, or equal).
bool sameOrder(const Cell& a, const Cell& b);

/// Offset tokens as MLflow makes them: base64 of {"offset":N}. Throws Error{invalid} for one that is none.
std::string pageToken(std::int64_t offset);
std::int64_t parsePageToken(std::string_view token);

}  // namespace regesta::registry
