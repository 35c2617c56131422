#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"

namespace regesta::registry {

struct Workspace {
  std::int64_t id = 0;
  std::string name;
  std::string description;
  std::int64_t createdAt = 0;
};

inline constexpr std::string_view defaultWorkspace = "default";  // made by the first migration, cannot be deleted

/// Names are 2–63 lower-case letters, digits and '-', as Kubernetes has them. Throws Error{exists}.
Workspace createWorkspace(Change& change, std::string_view name, std::string_view description);
std::optional<Workspace> findWorkspace(db::Transaction& transaction, std::string_view name);
Workspace getWorkspace(db::Transaction& transaction, std::string_view name);  ///< throws Error{notFound}
std::vector<Workspace> listWorkspaces(db::Transaction& transaction);
Workspace describeWorkspace(Change& change, std::string_view name, std::string_view description);
/// Throws Error{invalidState} while it holds assets or experiments.
void deleteWorkspace(Change& change, std::string_view name);

}  // namespace regesta::registry
