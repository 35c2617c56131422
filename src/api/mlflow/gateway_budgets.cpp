#include "api/mlflow/gateway.h"
#include "filter/filter.h"
#include "gateway/budget.h"
#include "tracking/ranking.h"

namespace regesta::api::mlflow {
namespace {

constexpr std::string_view unitWords[] = {"USD"};
constexpr std::string_view durationWords[] = {"MINUTES", "HOURS", "DAYS", "WEEKS", "MONTHS"};
constexpr std::string_view scopeWords[] = {"GLOBAL", "WORKSPACE", "ENDPOINT", "USER"};
constexpr std::string_view actionWords[] = {"ALERT", "REJECT"};

struct BudgetDuration {
  std::string unit;
  std::int64_t value = 0;
  static constexpr Field fields[] = {field<&BudgetDuration::unit>("unit", required | oneOf(durationWords)),
                                     field<&BudgetDuration::value>("value")};
};
struct BudgetPolicy {
  std::string budget_policy_id, budget_unit;
  double budget_amount = 0;
  BudgetDuration duration;
  std::string target_scope, budget_action, created_by;
  std::int64_t created_at = 0;
  std::string last_updated_by;
  std::int64_t last_updated_at = 0;
  std::optional<std::string> target_value;
  static constexpr Field fields[] = {field<&BudgetPolicy::budget_policy_id>("budget_policy_id"),
                                     field<&BudgetPolicy::budget_unit>("budget_unit", oneOf(unitWords)),
                                     field<&BudgetPolicy::budget_amount>("budget_amount"),
                                     field<&BudgetPolicy::duration>("duration"),
                                     field<&BudgetPolicy::target_scope>("target_scope", oneOf(scopeWords)),
                                     field<&BudgetPolicy::budget_action>("budget_action", oneOf(actionWords)),
                                     field<&BudgetPolicy::created_by>("created_by"),
                                     field<&BudgetPolicy::created_at>("created_at"),
                                     field<&BudgetPolicy::last_updated_by>("last_updated_by"),
                                     field<&BudgetPolicy::last_updated_at>("last_updated_at"),
                                     field<&BudgetPolicy::target_value>("target_value")};
};
struct OneBudgetPolicy {
  BudgetPolicy budget_policy;
  static constexpr Field fields[] = {field<&OneBudgetPolicy::budget_policy>("budget_policy")};
};
struct BudgetPolicies {
  std::vector<BudgetPolicy> budget_policies;
  std::optional<std::string> next_page_token;
  static constexpr Field fields[] = {field<&BudgetPolicies::budget_policies>("budget_policies"),
                                     field<&BudgetPolicies::next_page_token>("next_page_token")};
};
struct CreateBudgetPolicy {
  std::string budget_unit;
  double budget_amount = 0;
  BudgetDuration duration;
  std::string target_scope, budget_action, created_by, target_value;
  static constexpr Field fields[] = {
      field<&CreateBudgetPolicy::budget_unit>("budget_unit", required | oneOf(unitWords)),
      field<&CreateBudgetPolicy::budget_amount>("budget_amount", required),
      field<&CreateBudgetPolicy::duration>("duration", required),
      field<&CreateBudgetPolicy::target_scope>("target_scope", required | oneOf(scopeWords)),
      field<&CreateBudgetPolicy::budget_action>("budget_action", required | oneOf(actionWords)),
      field<&CreateBudgetPolicy::created_by>("created_by"),
      field<&CreateBudgetPolicy::target_value>("target_value")};
};
struct UpdateBudgetPolicy {
  std::string budget_policy_id;
  std::optional<std::string> budget_unit, target_scope, budget_action, target_value;
  std::optional<double> budget_amount;
  std::optional<BudgetDuration> duration;
  std::string updated_by;
  static constexpr Field fields[] = {field<&UpdateBudgetPolicy::budget_policy_id>("budget_policy_id", required),
                                     field<&UpdateBudgetPolicy::budget_unit>("budget_unit", oneOf(unitWords)),
                                     field<&UpdateBudgetPolicy::budget_amount>("budget_amount"),
                                     field<&UpdateBudgetPolicy::duration>("duration"),
                                     field<&UpdateBudgetPolicy::target_scope>("target_scope", oneOf(scopeWords)),
                                     field<&UpdateBudgetPolicy::budget_action>("budget_action", oneOf(actionWords)),
                                     field<&UpdateBudgetPolicy::updated_by>("updated_by"),
                                     field<&UpdateBudgetPolicy::target_value>("target_value")};
};
struct BudgetWindow {
  std::string budget_policy_id;
  std::int64_t window_start_ms = 0, window_end_ms = 0;
  double current_spend = 0;
  static constexpr Field fields[] = {field<&BudgetWindow::budget_policy_id>("budget_policy_id"),
                                     field<&BudgetWindow::window_start_ms>("window_start_ms"),
                                     field<&BudgetWindow::window_end_ms>("window_end_ms"),
                                     field<&BudgetWindow::current_spend>("current_spend")};
};
struct BudgetWindows {
  std::vector<BudgetWindow> windows;
  static constexpr Field fields[] = {field<&BudgetWindows::windows>("windows")};
};
struct BudgetPolicyRef {
  std::string budget_policy_id;
  static constexpr Field fields[] = {field<&BudgetPolicyRef::budget_policy_id>("budget_policy_id", required)};
};
struct ListBudgetPolicies {
  std::int64_t max_results = 1000;
  std::string page_token;
  static constexpr Field fields[] = {field<&ListBudgetPolicies::max_results>("max_results"),
                                     field<&ListBudgetPolicies::page_token>("page_token")};
};

BudgetPolicy wireOf(const gateway::Budget& b) {
  return {.budget_policy_id = b.budgetId,
          .budget_unit = b.unit,
          .budget_amount = b.amount,
          .duration = {b.durationUnit, b.durationValue},
          .target_scope = b.scope,
          .budget_action = b.action,
          .created_by = b.stamp.createdBy,
          .created_at = b.stamp.createdAt,
          .last_updated_by = b.stamp.updatedBy,
          .last_updated_at = b.stamp.updatedAt,
          .target_value = b.target.empty() ? std::nullopt : std::optional(b.target)};
}

void setDuration(gateway::Budget& budget, const BudgetDuration& duration) {
  if (duration.value <= 0)
    throw error(Code::invalid, "duration.value must be a positive integer, got {}", duration.value);
  budget.durationUnit = duration.unit;
  budget.durationValue = duration.value;
}

/// Calls have no user while nobody signs in.
void checkScope(const Call& call, const gateway::Budget& budget) {
  if (budget.scope == "USER" && call.identity->local)
    throw Error(Code::invalid,
                "USER-scoped budget policies require server authentication to be enabled. Without auth the gateway "
                "cannot attribute requests to a user, so the policy would never take effect.");
}

OneBudgetPolicy createBudget(Call& call, const CreateBudgetPolicy& in) {
  gateway::Budget told{.unit = in.budget_unit,
                       .amount = in.budget_amount,
                       .scope = in.target_scope,
                       .action = in.budget_action,
                       .target = in.target_value,
                       .stamp = {.createdBy = in.created_by, .updatedBy = in.created_by}};
  setDuration(told, in.duration);
  checkScope(call, told);
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneBudgetPolicy {
    return {wireOf(gateway::createBudget(change, call.workspace, told))};
  });
}

OneBudgetPolicy getBudget(Call& call, const BudgetPolicyRef& in) {
  requireGatewayReader(call);
  return call.core.store.read([&](db::Transaction& transaction) -> OneBudgetPolicy {
    return {wireOf(gateway::getBudget(transaction, call.workspace, in.budget_policy_id))};
  });
}

/// A target belongs to its scope: another scope needs a target of its own.
OneBudgetPolicy updateBudget(Call& call, const UpdateBudgetPolicy& in) {
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneBudgetPolicy {
    gateway::Budget changed = gateway::getBudget(change.transaction, call.workspace, in.budget_policy_id);
    if (in.budget_unit) changed.unit = *in.budget_unit;
    if (in.budget_amount) changed.amount = *in.budget_amount;
    if (in.duration) setDuration(changed, *in.duration);
    if (in.target_scope && *in.target_scope != changed.scope) changed.target.clear();
    if (in.target_scope) changed.scope = *in.target_scope;
    if (in.target_value) changed.target = *in.target_value;
    if (in.budget_action) changed.action = *in.budget_action;
    if (!in.updated_by.empty()) changed.stamp.updatedBy = in.updated_by;
    checkScope(call, changed);
    return {wireOf(gateway::saveBudget(change, call.workspace, changed))};
  });
}

Empty deleteBudget(Call& call, const BudgetPolicyRef& in) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    gateway::deleteBudget(change, call.workspace, in.budget_policy_id);
  });
  return {};
}

BudgetPolicies listBudgets(Call& call, const ListBudgetPolicies& in) {
  requireGatewayReader(call);
  tracking::checkMaxResults(in.max_results);
  std::int64_t skip = tracking::pageOffset(in.page_token);
  return call.core.store.read([&](db::Transaction& transaction) {
    std::vector<gateway::Budget> all = gateway::listBudgets(transaction, call.workspace);
    BudgetPolicies found;
    for (std::int64_t i = skip; i < std::ssize(all) && i - skip < in.max_results; ++i)
      found.budget_policies.push_back(wireOf(all[static_cast<std::size_t>(i)]));
    if (skip + in.max_results < std::ssize(all)) found.next_page_token = filter::pageToken(skip + in.max_results);
    return found;
  });
}

/// A window begins with the first call in it, and nobody calls models here.
BudgetWindows listWindows(Call&, const Empty&) { return {}; }

}  // namespace

std::span<const Route> gatewayBudgetRoutes() {
  constexpr std::string_view what = "the gateway";
  static const Route routes[] = {
      post("/api/3.0/mlflow/gateway/budgets/create", "Create a budget policy of the gateway", administers(what),
           createBudget),
      get("/api/3.0/mlflow/gateway/budgets/get", "Get a budget policy of the gateway", reads(what), getBudget),
      get("/api/3.0/mlflow/gateway/budgets/list", "List budget policies of the gateway", reads(what), listBudgets),
      get("/api/3.0/mlflow/gateway/budgets/windows", "List what budget policies of the gateway have spent", reads(what),
          listWindows),
      post("/api/3.0/mlflow/gateway/budgets/update", "Update a budget policy of the gateway", administers(what),
           updateBudget),
      del("/api/3.0/mlflow/gateway/budgets/delete", "Delete a budget policy of the gateway", administers(what),
          deleteBudget),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
