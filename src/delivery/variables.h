#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "delivery/prompt.h"

namespace regesta::delivery {

/// What a caller of a prompt has to give: the variables that its input_schema declares, and those that its templates
/// use besides. A variable that nobody declared is required text; one that stands only in conditions is optional and
/// may be anything.
struct Variable {
  std::string name;
  bool declared = false, used = false;
  bool required = false;  ///< and has no default
  json::value schema;     ///< {"type":"string"} when undeclared and unconditional; {} when it may be anything
  json::value fallback;   ///< the default; null: none
};

/// In order: the declared, then the others as they appear. `prompt` is the composed one, or its partials' variables are
/// missing.
std::vector<Variable> variablesOf(const Prompt& prompt);

/// Names of the places for messages, in order.
std::vector<std::string> placeholdersOf(const Prompt& prompt);

}  // namespace regesta::delivery
