#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// The answer to a GraphQL request of MLflow's web UI, {"data","errors"}; nothing if it is not for MLflow's schema.
/// A field that is a request of the REST API is served by its route, under the route's rule.
std::optional<std::string> executeGraphql(Call& call, std::string_view body);

}  // namespace regesta::api::mlflow
