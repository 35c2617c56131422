#pragma once
#include <string>
#include <string_view>

namespace regesta::policy {

/// The same Rego module moved below `data.<prefix>`: its package and every reference to `data` get the prefix in front.
/// So several versions of one policy can coexist in one OPA. Strings and comments stay unchanged; expressions inside
/// template strings are moved too. Text that is not Rego is changed likewise; OPA reports its errors.
std::string relocate(std::string_view text, std::string_view prefix);

}  // namespace regesta::policy
