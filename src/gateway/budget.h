#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/item.h"

namespace regesta::gateway {

/// A limit of what calls may cost within a window of time.
struct Budget {
  std::string budgetId;
  std::string unit;  ///< USD
  double amount = 0;
  std::string durationUnit;  ///< MINUTES, HOURS, DAYS, WEEKS or MONTHS
  std::int64_t durationValue = 0;
  std::string scope;   ///< GLOBAL, WORKSPACE, ENDPOINT or USER
  std::string action;  ///< ALERT or REJECT
  std::string target;  ///< an endpoint's id, a user; empty for the other scopes
  Stamp stamp;
};

/// Sets id and times. Throws Error{invalid} for a scope without its target, Error{notFound} for an unknown endpoint.
Budget createBudget(registry::Change& change, std::string_view workspace, const Budget& told);
/// Stores what changed of a budget that getBudget() found.
Budget saveBudget(registry::Change& change, std::string_view workspace, const Budget& changed);
void deleteBudget(registry::Change& change, std::string_view workspace, std::string_view id);
Budget getBudget(db::Transaction& transaction, std::string_view workspace, std::string_view id);
/// By id.
std::vector<Budget> listBudgets(db::Transaction& transaction, std::string_view workspace);

}  // namespace regesta::gateway
