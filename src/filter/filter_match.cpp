#include "base/cancel.h"
#include "base/limits_work.h"
#include "base/pattern.h"
#include "base/text.h"
#include "filter/filter.h"

namespace regesta::filter {
namespace {

template <class T>
bool compare(Comparator comparator, const T& left, const T& right) {
  switch (comparator) {
    case Comparator::equal:
      return left == right;
    case Comparator::notEqual:
      return left != right;
    case Comparator::less:
      return left < right;
    case Comparator::lessOrEqual:
      return left <= right;
    case Comparator::greater:
      return left > right;
    case Comparator::greaterOrEqual:
      return left >= right;
    default:
      return false;
  }
}

bool matchesText(const Condition& condition, const std::string& text) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&condition.operand)) {
    bool among = std::binary_search(list->begin(), list->end(), text);
    return among == (condition.comparator == Comparator::in);
  }
  const std::string* operand = std::get_if<std::string>(&condition.operand);
  if (operand == nullptr) return false;
  if (condition.comparator == Comparator::like || condition.comparator == Comparator::ilike)
    return like(text, *operand, condition.comparator == Comparator::ilike);
  if (condition.pattern) return condition.pattern->isIn(std::string_view(text).substr(0, limits::patternText));
  return compare(condition.comparator, text, *operand);
}

/// Every search passes here for each row, and on PostgreSQL the rows of a chunk are here already.
void checkNowAndThen() {
  thread_local unsigned calls = 0;
  if ((++calls & 63) == 0) checkCancelled();
}

}  // namespace

bool matches(const Condition& condition, const Cell& cell) {
  checkNowAndThen();
  bool missing = std::holds_alternative<std::monostate>(cell);
  if (condition.comparator == Comparator::isNull) return missing;
  if (condition.comparator == Comparator::isNotNull) return !missing;
  if (missing) return false;
  if (const std::string* text = std::get_if<std::string>(&cell)) return matchesText(condition, *text);
  const double* operand = std::get_if<double>(&condition.operand);
  return operand != nullptr && compare(condition.comparator, std::get<double>(cell), *operand);
}

}  // namespace regesta::filter
