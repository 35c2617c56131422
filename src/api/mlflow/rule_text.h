#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "registry/tree.h"
#include "tracking/rule_error.h"

namespace regesta::api::mlflow {

/// The message that MLflow's server gives for the rule; clients and their tests compare it.
std::string ruleText(const tracking::RuleError& error);

/// "Invalid path: …": clients look for the first two words.
std::string pathText(const registry::PathError& error);

/// Text and lists as Python's repr() shows them, which MLflow's messages contain.
std::string pythonText(std::string_view text);
std::string pythonList(const std::vector<std::string>& texts);

}  // namespace regesta::api::mlflow
