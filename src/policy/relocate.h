#pragma once
#include <string>
#include <string_view>

namespace regesta::policy {

/// The same Rego module moved below `data.<prefix>`: its package and every reference to `data` get the prefix in front.
/// So several versions of one policy live side by side in one OPA. Strings and comments stay as they are; expressions
/// inside template strings are moved too. Text that is not Rego comes back changed in the same way: OPA says what is
/// wrong.
std::string relocate(std::string_view text, std::string_view prefix);

}  // namespace regesta::policy
