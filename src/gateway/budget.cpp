#include "gateway/budget.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace regesta::gateway {
namespace {

json::object packBudget(const Budget& b) {
  return {{"unit", b.unit},
          {"amount", b.amount},
          {"duration_unit", b.durationUnit},
          {"duration_value", b.durationValue},
          {"scope", b.scope},
          {"action", b.action},
          {"target", b.target}};
}

Budget budgetOf(const Item& item) {
  return {.budgetId = item.id,
          .unit = memberText(item.body, "unit"),
          .amount = item.body.at("amount").to_number<double>(),
          .durationUnit = memberText(item.body, "duration_unit"),
          .durationValue = item.body.at("duration_value").to_number<std::int64_t>(),
          .scope = memberText(item.body, "scope"),
          .action = memberText(item.body, "action"),
          .target = memberText(item.body, "target"),
          .stamp = item.stamp};
}

void check(db::Transaction& transaction, std::string_view workspace, const Budget& b) {
  if (!std::isfinite(b.amount)) throw Invalid("budget_amount", "must be a finite number");
  bool targeted = b.scope == "ENDPOINT" || b.scope == "USER";
  if (targeted && b.target.empty())
    throw error(Code::invalid, "target_value is required when target_scope is {}.", b.scope);
  if (!targeted && !b.target.empty())
    throw Error(Code::invalid, "target_value can only be set when target_scope is ENDPOINT or USER.");
  if (b.scope == "ENDPOINT") getItem(transaction, workspace, endpoints, b.target);
}

}  // namespace

Budget createBudget(registry::Change& change, std::string_view workspace, const Budget& told) {
  check(change.transaction, workspace, told);
  std::string id = newId(budgets);
  Item item{.workspace = std::string(workspace),
            .kind = std::string(budgets.name),
            .id = id,
            .name = id,
            .body = packBudget(told),
            .stamp = told.stamp};
  insertItem(change, item);
  return budgetOf(item);
}

Budget saveBudget(registry::Change& change, std::string_view workspace, const Budget& changed) {
  Item item = getItem(change.transaction, workspace, budgets, changed.budgetId);
  check(change.transaction, workspace, changed);
  item.body = packBudget(changed);
  item.stamp.updatedBy = changed.stamp.updatedBy;
  updateItem(change, item);
  return budgetOf(item);
}

void deleteBudget(registry::Change& change, std::string_view workspace, std::string_view id) {
  removeItem(change, getItem(change.transaction, workspace, budgets, id));
}

Budget getBudget(db::Transaction& transaction, std::string_view workspace, std::string_view id) {
  return budgetOf(getItem(transaction, workspace, budgets, id));
}

std::vector<Budget> listBudgets(db::Transaction& transaction, std::string_view workspace) {
  std::vector<Budget> found;
  for (const Item& item : listItems(transaction, workspace, budgets)) found.push_back(budgetOf(item));
  std::ranges::sort(found, {}, &Budget::budgetId);
  return found;
}

}  // namespace regesta::gateway
