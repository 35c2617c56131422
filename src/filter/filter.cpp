#include "filter/filter.h"

#include "base/error.h"
#include "base/pattern.h"
#include "base/text.h"
#include "filter/filter_identifier.h"
#include "filter/filter_lexer.h"
#include "filter/filter_trace.h"

namespace regesta::filter {
namespace {

using Sort = FilterToken::Sort;

constexpr std::size_t filterLength = 64 * 1024;
constexpr std::size_t conditionCount = 200;
constexpr std::size_t patternCount = 10;  // regular expressions; each has a compiled program
constexpr std::size_t likeLength = 10'000;

bool ofRegistry(const Grammar& grammar) {
  return !grammar.metrics && grammar.noun.find("model") != std::string_view::npos;
}

[[noreturn]] void refuseClause(std::string_view clause, const Grammar& grammar) {
  if (grammar.noun == "logged model")
    throw error(Code::invalid, "Invalid filter string: '{}'. Expected a list of comparisons separated by 'AND'",
                shorten(clause, 200));
  throw error(Code::invalid, "Invalid clause(s) in filter string: '{}'", shorten(clause, 200));
}

/// LIKE, ILIKE, IN, IS NULL … are words; the rest are symbols. Empty if the next token is not a comparator.
std::optional<Comparator> takeComparator(FilterLexer& lexer) {
  if (lexer.peek().sort == Sort::comparator) {
    static constexpr std::pair<std::string_view, Comparator> signs[] = {
        {"=", Comparator::equal},   {"!=", Comparator::notEqual},    {"<", Comparator::less},
        {">", Comparator::greater}, {"<=", Comparator::lessOrEqual}, {">=", Comparator::greaterOrEqual}};
    FilterToken token = lexer.take();
    for (const auto& [sign, comparator] : signs)
      if (token.value == sign) return comparator;
    throw error(Code::invalid, "Invalid comparator '{}' in the filter string", token.value);
  }
  if (lexer.takeWord("LIKE")) return Comparator::like;
  if (lexer.takeWord("ILIKE")) return Comparator::ilike;
  if (lexer.takeWord("RLIKE")) return Comparator::rlike;
  if (lexer.takeWord("IN")) return Comparator::in;
  if (lexer.takeWord("NOT")) {
    if (lexer.takeWord("IN")) return Comparator::notIn;
    return std::nullopt;
  }
  if (lexer.takeWord("IS")) {
    bool negated = lexer.takeWord("NOT");
    if (!lexer.takeWord("NULL")) return std::nullopt;
    return negated ? Comparator::isNotNull : Comparator::isNull;
  }
  return std::nullopt;
}

std::string_view spelling(Comparator comparator) { return comparatorName(comparator); }

bool isNumericComparator(Comparator c) { return c <= Comparator::greaterOrEqual; }
bool isTextComparator(Comparator c) {
  return c == Comparator::equal || c == Comparator::notEqual || c == Comparator::like || c == Comparator::ilike;
}
bool isNullTest(Comparator c) { return c == Comparator::isNull || c == Comparator::isNotNull; }
bool isListComparator(Comparator c) { return c == Comparator::in || c == Comparator::notIn; }

std::string_view fieldName(Field field) {
  static constexpr std::string_view names[] = {"attribute",        "metric", "parameter", "tag",         "dataset",
                                               "request_metadata", "span",   "feedback",  "expectation", "issue"};
  return names[static_cast<std::size_t>(field)];
}

[[noreturn]] void refuseComparator(const Identifier& left, Comparator comparator, const Grammar& grammar,
                                   bool numeric) {
  if (grammar.noun == "logged model")
    throw error(Code::invalid, "Invalid comparison operator for {} '{}': {}", fieldName(left.field), left.key,
                spelling(comparator));
  if (ofRegistry(grammar) && left.field == Field::attribute && numeric)
    throw error(Code::invalid, "Invalid comparator for attribute {}: {}", left.key, spelling(comparator));
  if (ofRegistry(grammar))
    throw error(Code::invalid, "Invalid comparator for {}: {}", fieldName(left.field), spelling(comparator));
  throw error(Code::invalid, "Invalid comparator '{}' not one of '{{{}}}'", spelling(comparator),
              numeric ? "'>', '>=', '!=', '=', '<', '<='" : "'!=', '=', 'LIKE', 'ILIKE'");
}

bool isNumeric(const Identifier& left) {
  return left.field == Field::metric || (left.field == Field::attribute && left.attribute->numeric);
}

void checkComparator(const Identifier& left, Comparator comparator, const Grammar& grammar) {
  if (grammar.traces) return checkTraceComparator(left, comparator);
  bool numeric = isNumeric(left);
  if (isNullTest(comparator)) {
    if (left.field == Field::tag || left.field == Field::param) return;
    throw error(Code::invalid, "IS NULL / IS NOT NULL is only supported for tags and params, not for '{}' '{}'",
                fieldName(left.field), left.key);
  }
  if (isListComparator(comparator)) return;  // the list itself is judged with the value
  if (numeric ? !isNumericComparator(comparator) : !isTextComparator(comparator))
    refuseComparator(left, comparator, grammar, numeric);
}

[[noreturn]] void refuseList(const Grammar& grammar) {
  std::vector<std::string> names;
  for (const Attribute& attribute : grammar.attributes)
    if (attribute.list) names.push_back(fmt::format("'{}'", attribute.written));
  std::sort(names.begin(), names.end());
  throw error(Code::invalid, "Only [{}] attributes support comparison with a list of quoted string values.",
              join(names, ", "));
}

std::vector<std::string> takeList(FilterLexer& lexer) {
  constexpr std::string_view begin = "While parsing a list in the query, expected";
  if (lexer.take().sort != Sort::open)
    throw error(Code::invalid, "{} a non-empty list of string values, but got ill-formed list.", begin);
  std::vector<std::string> items;
  while (lexer.peek().sort != Sort::close) {
    FilterToken item = lexer.take();
    if (item.sort == Sort::number || item.sort == Sort::identifier)
      throw error(Code::invalid, "{} string value, punctuation, or whitespace, but got different type in list: {}",
                  begin, item.raw);
    if (item.sort != Sort::text)
      throw error(Code::invalid, "{} a non-empty list of string values, but got ill-formed list.", begin);
    items.push_back(std::move(item.value));
    if (lexer.peek().sort == Sort::comma)
      lexer.take();
    else if (lexer.peek().sort != Sort::close)
      throw error(Code::invalid, "{} a non-empty list of string values, but got ill-formed list.", begin);
  }
  lexer.take();
  if (items.empty()) throw error(Code::invalid, "{} a non-empty list of string values, but got empty list", begin);
  std::sort(items.begin(), items.end());  // rows are looked up in it
  return items;
}

[[noreturn]] void refuseValue(const Identifier& left, const FilterToken& token, const Grammar& grammar) {
  if (token.sort == Sort::identifier)
    throw error(
        Code::invalid,
        "Parameter value is either not quoted or unidentified quote types used for string value {}. Use either single "
        "or double quotes.",
        token.raw);
  if (left.field == Field::dataset)
    throw error(Code::invalid, "Expected a quoted string value for dataset attributes. Got value {}", token.raw);
  if (left.field != Field::attribute)
    throw error(Code::invalid, "Expected a quoted string value for {} (e.g. 'my-value'). Got value {}",
                fieldName(left.field), token.raw);
  throw error(Code::invalid, "Expected a quoted string value{} for attributes. Got value {}",
              ofRegistry(grammar) ? " or a list of quoted string values" : "", token.raw);
}

double takeNumber(const Identifier& left, FilterLexer& lexer, const Grammar& grammar) {
  FilterToken token = lexer.take();
  std::string_view text = token.sort == Sort::text ? std::string_view(token.value) : token.raw;
  // Model versions take their number in quotes too, and no fractions.
  bool whole = ofRegistry(grammar);
  bool fine = token.sort == Sort::number || (whole && token.sort == Sort::text);
  if (!fine && left.field == Field::metric)
    throw error(Code::invalid, "Expected numeric value type for metric. Found {}", token.raw);
  if (!fine)
    throw error(Code::invalid, "Expected numeric value type for numeric attribute: {}. Found {}", left.key, token.raw);
  std::optional<double> number = whole ? std::optional<double>() : parseDouble(text);
  if (whole)
    if (std::optional<std::int64_t> integer = parseInteger(trim(text))) number = static_cast<double>(*integer);
  if (!number) throw error(Code::invalid, "Invalid value for numeric attribute '{}': {}", left.key, token.raw);
  return *number;
}

/// An invalid comparison: nothing after the comparator, an SQL keyword, a list that does not open or close.
bool hasOperand(const FilterLexer& lexer, Comparator comparator) {
  if (isNullTest(comparator)) return true;
  if (isListComparator(comparator))
    return lexer.peek().sort == Sort::open && lexer.rest().find(')') != std::string_view::npos;
  return lexer.peek().sort != Sort::end && !lexer.isWord("TRUE") && !lexer.isWord("FALSE") && !lexer.isWord("NULL");
}

std::shared_ptr<const Pattern> compilePattern(const std::string& expression) {
  try {
    return std::make_shared<const Pattern>(expression);
  } catch (const Error& e) {
    throw error(Code::invalid, "Invalid regular expression for RLIKE: {}", e.message);
  }
}

Condition takeCondition(FilterLexer& lexer, const Grammar& grammar) {
  std::string_view rest = lexer.rest();
  if (lexer.peek().sort != Sort::identifier) refuseClause(rest, grammar);
  FilterToken name = lexer.take();
  std::optional<Comparator> comparator = takeComparator(lexer);
  if (!comparator || !hasOperand(lexer, *comparator)) refuseClause(rest, grammar);
  Identifier left = parseIdentifier(name.raw, grammar);
  checkComparator(left, *comparator, grammar);

  Condition condition{left.field, left.key, *comparator, {}, {}};
  if (isNullTest(*comparator)) return condition;
  if (isListComparator(*comparator)) {
    bool allowed = left.field == Field::dataset || left.field == Field::span ||
                   (left.field == Field::attribute && left.attribute->list) ||
                   (grammar.textLists && (left.field == Field::param || left.field == Field::tag));
    if (left.field == Field::attribute && !allowed) refuseList(grammar);
    if (!allowed) refuseValue(left, {Sort::open, lexer.rest(), {}, false}, grammar);
    condition.operand = takeList(lexer);
  } else if (isNumeric(left) || comparesScore(left, *comparator)) {
    condition.operand = takeNumber(left, lexer, grammar);
  } else {
    FilterToken value = lexer.take();
    if (value.sort != Sort::text) refuseValue(left, value, grammar);
    if (*comparator == Comparator::rlike) condition.pattern = compilePattern(value.value);
    bool like = *comparator == Comparator::like || *comparator == Comparator::ilike;
    if (like && value.value.size() > likeLength)
      throw error(Code::invalid, "A pattern for {} must be at most {} bytes", comparatorName(*comparator), likeLength);
    condition.operand = std::move(value.value);
  }
  return condition;
}

}  // namespace

std::vector<Condition> parseFilter(std::string_view text, const Grammar& grammar) {
  if (text.size() > filterLength)
    throw error(Code::invalid, "The filter string must be at most {} bytes", filterLength);
  std::vector<Condition> conditions;
  std::size_t patterns = 0;
  FilterLexer lexer(text);
  while (lexer.peek().sort != Sort::end) {
    if (lexer.takeWord("AND")) continue;
    if (lexer.peek().sort == Sort::semicolon && lexer.rest().size() > 1)
      throw error(Code::invalid, "Search filter contained multiple expression '{}'. Provide AND-ed expression list.",
                  shorten(text, 500));
    if (conditions.size() == conditionCount)
      throw error(Code::invalid, "The filter string must have at most {} conditions", conditionCount);
    conditions.push_back(takeCondition(lexer, grammar));
    if (conditions.back().pattern && ++patterns > patternCount)
      throw error(Code::invalid, "The filter string must have at most {} RLIKE conditions", patternCount);
  }
  return conditions;
}

}  // namespace regesta::filter
