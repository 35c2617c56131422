#pragma once
#include <string_view>

#include "api/endpoint.h"
#include "db/database.h"

namespace regesta::api::mlflow {

/// The name-level check of a path in the tree: what lies below "<experiment id>/" belongs to that experiment. Throws
/// Error{denied}.
void requireArtifact(const Call& call, governance::Verb verb, db::Session& session, std::string_view path);

}  // namespace regesta::api::mlflow
