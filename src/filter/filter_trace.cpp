#include "filter/filter_trace.h"

#include "base/error.h"
#include "base/text.h"

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
      // MLflow keeps these two as a tag and as metadata, and those know no lists.
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

/// How MLflow names the entity in the message; empty: another message.
std::string_view spelledEntity(Field field) {
  switch (field) {
    case Field::span:
      return "span";
    case Field::feedback:
    case Field::expectation:
      return "assessment";
    case Field::issue:
      return "issue";
    default:
      return "";
  }
}

[[noreturn]] void refuseComparator(const Identifier& left, Comparator comparator, const Set& allowed) {
  if (left.field == Field::attribute && left.key == "prompt")
    throw error(Code::invalid,
                "Invalid comparator '{}' for prompts filter. Only '=' is supported with format: prompt = "
                "\"name/version\"",
                comparatorName(comparator));
  std::vector<std::string> names;
  for (Comparator one : allowed) names.push_back(fmt::format("'{}'", comparatorName(one)));
  std::string_view entity = spelledEntity(left.field);
  if (!entity.empty())
    throw error(Code::invalid, "{}.{} comparator '{}' not one of '{{{}}}'", entity, shorten(left.key, 100),
                comparatorName(comparator), join(names, ", "));
  throw error(Code::invalid, "Invalid comparator '{}' for '{}', not one of {{{}}}", comparatorName(comparator),
              shorten(left.key, 100), join(names, ", "));
}

}  // namespace

std::string_view comparatorName(Comparator comparator) {
  static constexpr std::string_view names[] = {"=",     "!=", "<",      "<=",      ">",           ">=",   "LIKE",
                                               "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL", "RLIKE"};
  return names[static_cast<std::size_t>(comparator)];
}

Field traceFieldOf(std::string_view entity) {
  static constexpr std::pair<std::string_view, Field> entities[] = {{"attribute", Field::attribute},
                                                                    {"attributes", Field::attribute},
                                                                    {"trace", Field::attribute},
                                                                    {"tag", Field::tag},
                                                                    {"tags", Field::tag},
                                                                    {"metadata", Field::metadata},
                                                                    {"request_metadata", Field::metadata},
                                                                    {"span", Field::span},
                                                                    {"feedback", Field::feedback},
                                                                    {"expectation", Field::expectation},
                                                                    {"issue", Field::issue}};
  for (const auto& [name, field] : entities)
    if (name == entity) return field;
  throw error(Code::invalid,
              "Invalid entity type '{}'. Valid values are {{'attribute', 'attributes', 'expectation', 'feedback', "
              "'issue', 'metadata', 'request_metadata', 'span', 'tag', 'tags', 'trace'}}",
              shorten(entity, 100));
}

void checkTraceComparator(const Identifier& left, Comparator comparator) {
  if (left.field == Field::span && !isSpanKey(left.key))
    throw error(Code::invalid,
                "Invalid span attribute '{}'. Supported attributes: name, status, type, attributes.<attribute_name>.",
                shorten(left.key, 100));
  if (left.field == Field::issue && left.key != "id")
    throw error(Code::invalid, "Invalid issue attribute '{}'. Supported attributes: id", shorten(left.key, 100));
  const Set& allowed = allowedOf(left);
  if (std::find(allowed.begin(), allowed.end(), comparator) != allowed.end()) return;
  refuseComparator(left, comparator, allowed);
}

bool comparesScore(const Identifier& left, Comparator comparator) {
  bool scoredField = left.field == Field::feedback || left.field == Field::expectation;
  return scoredField && comparator >= C::less && comparator <= C::greaterOrEqual;
}

}  // namespace regesta::filter
