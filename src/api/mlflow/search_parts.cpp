#include "api/mlflow/search_parts.h"

#include "base/text.h"
#include "filter/query_error.h"

namespace regesta::api::mlflow {

using filter::Comparator;
using filter::Condition;
using filter::Field;

bool takePromptCondition(std::vector<Condition>& conditions) {
  std::optional<bool> prompts;
  for (const Condition& condition : conditions) {
    if (condition.field != Field::tag || condition.key != promptMarker || prompts) continue;
    const std::string* value = std::get_if<std::string>(&condition.operand);
    prompts = value && ((condition.comparator == Comparator::equal && equalsIgnoreCase(*value, "true")) ||
                        (condition.comparator == Comparator::notEqual && equalsIgnoreCase(*value, "false")));
  }
  std::erase_if(conditions, [](const Condition& c) { return c.field == Field::tag && c.key == promptMarker; });
  return prompts.value_or(false);
}

std::vector<filter::OrderBy> parseOrder(const std::vector<std::string>& items, const filter::Grammar& grammar) {
  filter::checkOrderCount(items.size());
  std::vector<filter::OrderBy> orders;
  for (const std::string& item : items) {
    filter::OrderBy order = filter::parseOrderBy(item, grammar);
    for (const filter::OrderBy& earlier : orders)
      if (earlier.key == order.key)
        filter::refuseOrder(filter::QueryRule::orderRepeated, "must not repeat a field", item, items);
    orders.push_back(std::move(order));
  }
  return orders;
}

std::optional<std::string> equalTo(const std::vector<Condition>& conditions, std::string_view attribute) {
  for (const Condition& condition : conditions)
    if (condition.field == Field::attribute && condition.key == attribute && condition.comparator == Comparator::equal)
      if (const std::string* value = std::get_if<std::string>(&condition.operand)) return *value;
  return std::nullopt;
}

bool hasTagCondition(const std::vector<Condition>& conditions) {
  return std::any_of(conditions.begin(), conditions.end(), [](const Condition& c) { return c.field == Field::tag; });
}

bool tagsMatch(const std::vector<Condition>& conditions, const registry::Tags& tags) {
  for (const Condition& condition : conditions) {
    if (condition.field != Field::tag) continue;
    auto at = tags.find(condition.key);
    if (!filter::matches(condition, at == tags.end() ? filter::Cell() : filter::Cell(at->second))) return false;
  }
  return true;
}

}  // namespace regesta::api::mlflow
