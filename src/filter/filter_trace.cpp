#include "filter/filter_trace.h"

#include "base/text.h"
#include "filter/query_error.h"

namespace regesta::filter {
namespace {

using C = Comparator;
using Set = std::vector<C>;

const Set text = {C::notEqual, C::equal, C::in, C::notIn, C::like, C::ilike, C::rlike};
const Set tagged = {C::notEqual, C::equal, C::like, C::ilike, C::rlike, C::isNull, C::isNotNull};
const Set number = {C::greater, C::greaterOrEqual, C::notEqual, C::equal, C::less, C::lessOrEqual};
const Set onlyLike = {C::like, C::ilike};
const Set onlyEqual = {C::equal};
const Set scored = {C::notEqual, C::equal, C::greater, C::greaterOrEqual, C::less,     C::lessOrEqual,
                    C::like,     C::ilike, C::rlike,   C::isNull,         C::isNotNull};

bool isSpanKey(std::string_view key) {
  return key == "name" || key == "type" || key == "status" || key == "content" ||
         (key.starts_with("attributes.") && key.size() > 11);
}

const Set& allowedOf(const Identifier& left) {
  switch (left.field) {
    case Field::attribute:
      if (left.attribute->numeric) return number;
      // Stored as a tag and as metadata, which do not support lists.
      if (left.key == "name" || left.key == "run_id") return tagged;
      return left.key == "prompt" ? onlyEqual : left.key == "text" ? onlyLike : text;
    case Field::span:
      return left.key == "content" ? onlyLike : text;
    case Field::feedback:
    case Field::expectation:
      return scored;
    case Field::issue:
      return onlyEqual;
    default:
      return tagged;
  }
}

}  // namespace

std::string_view comparatorName(Comparator comparator) {
  static constexpr std::string_view names[] = {"=",     "!=", "<",      "<=",      ">",           ">=",   "LIKE",
                                               "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL", "RLIKE"};
  return names[static_cast<std::size_t>(comparator)];
}

void refuseComparator(const Identifier& left, Comparator comparator, std::string_view noun,
                      const std::vector<Comparator>& allowed) {
  bool numeric = std::ranges::find(allowed, C::greater) != allowed.end();
  std::vector<std::string> names,
      facts{std::string(noun), std::string(fieldName(left.field)), left.key, numeric ? "number" : "text"};
  for (Comparator one : allowed) names.emplace_back(comparatorName(one));
  facts.insert(facts.end(), names.begin(), names.end());
  refuseFilter(QueryRule::comparator,
               fmt::format("must compare {} '{}' with one of: {}", fieldName(left.field), left.key, join(names, ", ")),
               comparatorName(comparator), std::move(facts));
}

Field traceFieldOf(std::string_view entity) {
  static constexpr std::pair<std::string_view, Field> entities[] = {{"attribute", Field::attribute},
                                                                    {"attributes", Field::attribute},
                                                                    {"expectation", Field::expectation},
                                                                    {"feedback", Field::feedback},
                                                                    {"issue", Field::issue},
                                                                    {"metadata", Field::metadata},
                                                                    {"request_metadata", Field::metadata},
                                                                    {"span", Field::span},
                                                                    {"tag", Field::tag},
                                                                    {"tags", Field::tag},
                                                                    {"trace", Field::attribute}};
  std::vector<std::string> valid;
  for (const auto& [name, field] : entities) {
    if (name == entity) return field;
    valid.emplace_back(name);
  }
  refuseEntity(entity, "trace", std::move(valid));
}

void checkTraceComparator(const Identifier& left, Comparator comparator) {
  if (left.field == Field::span && !isSpanKey(left.key))
    refuseFilter(QueryRule::spanKey, "must name a field of spans: name, status, type, content or attributes.NAME",
                 left.key, {"name", "status", "type", "attributes.<attribute_name>"});
  if (left.field == Field::issue && left.key != "id")
    refuseFilter(QueryRule::issueKey, "must name a field of issues: id", left.key, {"id"});
  const Set& allowed = allowedOf(left);
  if (std::find(allowed.begin(), allowed.end(), comparator) == allowed.end())
    refuseComparator(left, comparator, "trace", allowed);
}

bool comparesScore(const Identifier& left, Comparator comparator) {
  bool scoredField = left.field == Field::feedback || left.field == Field::expectation;
  return scoredField && comparator >= C::less && comparator <= C::greaterOrEqual;
}

}  // namespace regesta::filter
