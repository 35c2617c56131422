#pragma once
#include <set>
#include <string>

#include "api/endpoint.h"
#include "base/json.h"

namespace regesta::api::wandb {

/// A registry as a project of GraphQL.
json::object registryObject(db::Transaction& transaction, const std::string& workspace, std::string_view project);
/// The registries of the call's workspace that exist for the caller, as projects: "wandb-registry-model".
std::set<std::string> registryNames(const Call& call, db::Transaction& transaction);
/// Whether anybody has linked something to it.
bool hasCollections(db::Transaction& transaction, const std::string& workspace, std::string_view project);

}  // namespace regesta::api::wandb
