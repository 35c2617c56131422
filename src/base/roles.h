#pragma once
#include <algorithm>
#include <string_view>

namespace regesta {

/// Roles with a meaning of their own. Any other role is a custom approval role, such as "risk".
inline constexpr std::string_view builtInRoles[] = {"reader", "contributor", "approver", "admin", "auditor", "runner"};

inline bool isBuiltInRole(std::string_view role) {
  return std::ranges::find(builtInRoles, role) != std::end(builtInRoles);
}
/// Only users can hold such a role and use it.
inline bool isApprovalRole(std::string_view role) { return role == "approver" || !isBuiltInRole(role); }

}  // namespace regesta
