#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "db/database.h"
#include "registry/change.h"

// Internal to the gateway room: the stored form of all that it configures.
namespace regesta::gateway {

struct Stamp {
  std::string createdBy, updatedBy;           ///< empty: not said
  std::int64_t createdAt = 0, updatedAt = 0;  ///< milliseconds
};

struct Item {
  std::int64_t row = 0;
  std::string workspace, kind, id, name;
  json::object body;
  std::string sealed;  ///< of a secret
  Stamp stamp;
};

/// An item of a kind, as errors name it: GatewaySecret not found (secret_id='s-1').
struct Kind {
  std::string_view name;    ///< in the database
  std::string_view prefix;  ///< of ids
  std::string_view noun, idField;
};
inline constexpr Kind secrets{"secret", "s-", "GatewaySecret", "secret_id"};
inline constexpr Kind models{"model", "d-", "GatewayModelDefinition", "model_definition_id"};
inline constexpr Kind endpoints{"endpoint", "e-", "GatewayEndpoint", "endpoint_id"};
inline constexpr Kind budgets{"budget", "bp-", "BudgetPolicy", "budget_policy_id"};
inline constexpr Kind guardrails{"guardrail", "gr-", "Guardrail", "guardrail_id"};
inline constexpr Kind scorings{"scoring", "", "OnlineScoringConfig", "online_scoring_config_id"};

/// The id of a new item of the kind.
std::string newId(const Kind& kind);
/// Stores it with times of the change. Throws Error{invalid}, Error{tooLarge}.
void insertItem(registry::Change& change, Item& item);
void updateItem(registry::Change& change, Item& item);  ///< sets the time
void removeItem(registry::Change& change, const Item& item);

std::optional<Item> findItem(db::Transaction& transaction, std::string_view workspace, const Kind& kind,
                             std::string_view id);
std::optional<Item> findNamed(db::Transaction& transaction, std::string_view workspace, const Kind& kind,
                              std::string_view name);
/// Throw Error{notFound}.
Item getItem(db::Transaction& transaction, std::string_view workspace, const Kind& kind, std::string_view id);
Item getNamed(db::Transaction& transaction, std::string_view workspace, const Kind& kind, std::string_view name);
/// In the order of their creation.
std::vector<Item> listItems(db::Transaction& transaction, std::string_view workspace, const Kind& kind);

}  // namespace regesta::gateway
