#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "prompt/prompt.h"

namespace regesta::prompt {

/// A variable of a prompt: declared by its input_schema or used by its templates. An undeclared variable is required
/// text; one that is used only in conditions is optional and of any type.
struct Variable {
  std::string name;
  bool declared = false, used = false;
  bool required = false;  ///< and has no default
  json::value schema;     ///< {"type":"string"} if undeclared and unconditional; {}: any type
  json::value fallback;   ///< the default; null: none
};

/// Declared variables first, then the others in order of appearance. Pass the composed prompt to include its partials'
/// variables.
std::vector<Variable> variablesOf(const Prompt& prompt);

/// Names of the placeholders for messages, in order.
std::vector<std::string> placeholdersOf(const Prompt& prompt);

}  // namespace regesta::prompt
