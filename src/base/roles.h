#pragma once
#include <algorithm>
#include <string_view>

namespace regesta {

/// Roles with a meaning of their own. Any other role is a custom approval role, such as "risk".
inline constexpr std::string_view builtInRoles[] = {"reader", "contributor", "approver", "admin", "auditor", "runner"};

inline bool isBuiltInRole(std::string_view role) {
  return std::ranges::find(builtInRoles, role) != std::end(builtInRoles);
}

}  // namespace regesta
