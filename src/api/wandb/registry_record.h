#pragma once
#include <optional>
#include <string>
#include <vector>

#include "registry/change.h"

namespace regesta::api::wandb {

/// What W&B's clients said of a registry. One without a row exists if it has collections or is built in.
struct RegistryRecord {
  std::string workspace;
  std::string name;  ///< without "wandb-registry-"
  std::string description;
  std::vector<std::string> types;  ///< of the artifacts that may be linked to it; empty: every type
  std::int64_t createdAt = 0, updatedAt = 0;
  std::string createdBy;
};

std::optional<RegistryRecord> findRegistry(db::Transaction& transaction, std::string_view workspace,
                                           std::string_view name);
/// By name.
std::vector<RegistryRecord> listRegistries(db::Transaction& transaction, std::string_view workspace);
/// Creates or replaces it. Recorded as "registry.set". Throws Invalid.
RegistryRecord putRegistry(registry::Change& change, RegistryRecord record);
/// Recorded as "registry.deleted". No effect if there is none.
void deleteRegistry(registry::Change& change, std::string_view workspace, std::string_view name);
/// Throws Error{refused} if the project is a registry that does not accept artifacts of the type.
void requireAccepted(db::Transaction& transaction, std::string_view workspace, std::string_view project,
                     std::string_view type);

}  // namespace regesta::api::wandb
