#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/mlflow/prompt_tags.h"
#include "filter/filter.h"

// Shared by the registry's two searches.
namespace regesta::api::mlflow {

/// A search returns models or prompts, never both: prompts if a condition on the marker tag requests them. Removes that
/// condition, because the kind replaces it.
bool takePromptCondition(std::vector<filter::Condition>& conditions);

/// Parses the order_by list. Throws Error{invalid}, also for a repeated key.
std::vector<filter::OrderBy> parseOrder(const std::vector<std::string>& items, const filter::Grammar& grammar);

/// The operand of an equality condition on the attribute, so that SQL can filter by it.
std::optional<std::string> equalTo(const std::vector<filter::Condition>& conditions, std::string_view attribute);

/// True if every tag condition holds for the tags.
bool tagsMatch(const std::vector<filter::Condition>& conditions, const registry::Tags& tags);
bool hasTagCondition(const std::vector<filter::Condition>& conditions);

}  // namespace regesta::api::mlflow
