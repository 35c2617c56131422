#include "filter/filter.h"

#include "base/pattern.h"
#include "base/text.h"
#include "filter/filter_identifier.h"
#include "filter/filter_lexer.h"
#include "filter/filter_trace.h"
#include "filter/query_error.h"

namespace regesta::filter {
namespace {

using Sort = FilterToken::Sort;

constexpr std::size_t filterLength = 64 * 1024;
constexpr std::size_t conditionCount = 200;
constexpr std::size_t patternCount = 10;  // regular expressions; each has a compiled program
constexpr std::size_t likeLength = 10'000;

/// Searches of the registry take whole numbers only, also in quotes.
bool takesWholeNumbers(const Grammar& grammar) {
  return !grammar.metrics && grammar.noun.find("model") != std::string_view::npos;
}

[[noreturn]] void refuseSize(std::string rule) { throw Invalid("filter", std::move(rule)); }

[[noreturn]] void refuseClause(std::string_view clause, const Grammar& grammar) {
  refuseFilter(QueryRule::clause, "must be comparisons joined by AND", clause, {std::string(grammar.noun)});
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
    refuseFilter(QueryRule::sign, "must compare with = != < <= > >= LIKE, ILIKE, IN or IS NULL", token.value);
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

bool isNumericComparator(Comparator c) { return c <= Comparator::greaterOrEqual; }
bool isTextComparator(Comparator c) {
  return c == Comparator::equal || c == Comparator::notEqual || c == Comparator::like || c == Comparator::ilike;
}
bool isNullTest(Comparator c) { return c == Comparator::isNull || c == Comparator::isNotNull; }
bool isListComparator(Comparator c) { return c == Comparator::in || c == Comparator::notIn; }

[[noreturn]] void refuseComparator(const Identifier& left, Comparator comparator, const Grammar& grammar,
                                   bool numeric) {
  static const std::vector<Comparator> ofNumbers{Comparator::greater,  Comparator::greaterOrEqual,
                                                 Comparator::notEqual, Comparator::equal,
                                                 Comparator::less,     Comparator::lessOrEqual};
  static const std::vector<Comparator> ofTexts{Comparator::notEqual, Comparator::equal, Comparator::like,
                                               Comparator::ilike};
  refuseComparator(left, comparator, grammar.noun, numeric ? ofNumbers : ofTexts);
}

bool isNumeric(const Identifier& left) {
  return left.field == Field::metric || (left.field == Field::attribute && left.attribute->numeric);
}

void checkComparator(const Identifier& left, Comparator comparator, const Grammar& grammar) {
  if (grammar.traces) return checkTraceComparator(left, comparator);
  bool numeric = isNumeric(left);
  if (isNullTest(comparator)) {
    if (left.field == Field::tag || left.field == Field::param) return;
    refuseFilter(QueryRule::nullTest, "may use IS NULL and IS NOT NULL with tags and params only", left.key,
                 {std::string(fieldName(left.field)), left.key});
  }
  if (isListComparator(comparator)) return;  // the list itself is judged with the value
  if (numeric ? !isNumericComparator(comparator) : !isTextComparator(comparator))
    refuseComparator(left, comparator, grammar, numeric);
}

[[noreturn]] void refuseList(const Grammar& grammar) {
  std::vector<std::string> names;
  for (const Attribute& attribute : grammar.attributes)
    if (attribute.list) names.emplace_back(attribute.written);
  std::sort(names.begin(), names.end());
  refuseFilter(QueryRule::listAttribute, "may use IN with these attributes only: " + join(names, ", "), {}, names);
}

[[noreturn]] void refuseListShape() { refuseFilter(QueryRule::listShape, "must write a list as ('a', 'b')"); }

std::vector<std::string> takeList(FilterLexer& lexer) {
  if (lexer.take().sort != Sort::open) refuseListShape();
  std::vector<std::string> items;
  while (lexer.peek().sort != Sort::close) {
    FilterToken item = lexer.take();
    if (item.sort == Sort::number || item.sort == Sort::identifier)
      refuseFilter(QueryRule::listItem, "must quote the items of a list", item.raw);
    if (item.sort != Sort::text) refuseListShape();
    items.push_back(std::move(item.value));
    if (lexer.peek().sort == Sort::comma)
      lexer.take();
    else if (lexer.peek().sort != Sort::close)
      refuseListShape();
  }
  lexer.take();
  if (items.empty()) refuseFilter(QueryRule::listEmpty, "must not have an empty list");
  std::sort(items.begin(), items.end());  // rows are looked up in it
  return items;
}

[[noreturn]] void refuseValue(const Identifier& left, const FilterToken& token, const Grammar& grammar) {
  if (token.sort == Sort::identifier)
    refuseFilter(QueryRule::quotes, "must put text in single or double quotes", token.raw);
  refuseFilter(QueryRule::text,
               fmt::format("must compare {} '{}' with text in quotes", fieldName(left.field), left.key), token.raw,
               {std::string(grammar.noun), std::string(fieldName(left.field))});
}

double takeNumber(const Identifier& left, FilterLexer& lexer, const Grammar& grammar) {
  FilterToken token = lexer.take();
  std::string_view text = token.sort == Sort::text ? std::string_view(token.value) : token.raw;
  bool whole = takesWholeNumbers(grammar);
  bool quotable = whole || (grammar.traces && left.field == Field::attribute);
  std::string rule = fmt::format("must compare {} '{}' with a number", fieldName(left.field), left.key);
  if (token.sort != Sort::number && !(quotable && token.sort == Sort::text))
    refuseFilter(left.field == Field::metric ? QueryRule::metricNumber : QueryRule::number, rule, token.raw,
                 {left.key});
  std::optional<double> number = whole ? std::optional<double>() : parseDouble(trim(text));
  if (whole)
    if (std::optional<std::int64_t> integer = parseInteger(trim(text))) number = static_cast<double>(*integer);
  if (!number)
    refuseFilter(whole || token.sort == Sort::number ? QueryRule::integer : QueryRule::number, rule, token.raw,
                 {left.key});
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
    refuseFilter(QueryRule::pattern, "must have a valid regular expression after RLIKE: " + e.message, {}, {e.message});
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
      refuseSize(fmt::format("must have patterns of at most {} bytes for {}", likeLength, comparatorName(*comparator)));
    condition.operand = std::move(value.value);
  }
  return condition;
}

}  // namespace

std::vector<Condition> parseFilter(std::string_view text, const Grammar& grammar) {
  if (text.size() > filterLength) refuseSize(fmt::format("must have at most {} bytes", filterLength));
  if (!text.empty() && trim(text).empty())
    refuseFilter(QueryRule::blank, "must not be blank", text, {std::string(grammar.noun)});
  std::vector<Condition> conditions;
  std::size_t patterns = 0;
  FilterLexer lexer(text);
  while (lexer.peek().sort != Sort::end) {
    if (lexer.takeWord("AND")) continue;
    if (lexer.peek().sort == Sort::semicolon && lexer.rest().size() > 1)
      refuseFilter(QueryRule::statements, "must join comparisons by AND, not by semicolons", text);
    if (conditions.size() == conditionCount) refuseSize(fmt::format("must have at most {} conditions", conditionCount));
    conditions.push_back(takeCondition(lexer, grammar));
    if (conditions.back().pattern && ++patterns > patternCount)
      refuseSize(fmt::format("must have at most {} RLIKE conditions", patternCount));
  }
  return conditions;
}

}  // namespace regesta::filter
