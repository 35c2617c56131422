#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/mlflow/prompt_tags.h"
#include "registry/filter.h"

// What the registry's two searches share.
namespace regesta::api::mlflow {

/// A search finds models or prompts, never both: prompts when a condition on the marker tag asks for them. The
/// condition is taken out of the list, for the kind says the same.
bool takePromptCondition(std::vector<registry::Condition>& conditions);

/// The order_by list, without keys that come twice. Throws Error{invalid}.
std::vector<registry::OrderBy> parseOrder(const std::vector<std::string>& items, const registry::Grammar& grammar);

/// The operand when exactly this condition is among the list: lets SQL narrow the rows.
std::optional<std::string> equalTo(const std::vector<registry::Condition>& conditions, std::string_view attribute);

/// True when every tag condition holds on the tags.
bool tagsMatch(const std::vector<registry::Condition>& conditions, const registry::Tags& tags);
bool hasTagCondition(const std::vector<registry::Condition>& conditions);

}  // namespace regesta::api::mlflow
