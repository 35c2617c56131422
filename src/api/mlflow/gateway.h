#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// The configuration of MLflow's AI gateway. Who changes it administers the workspace; nobody calls models here.
std::span<const Route> gatewaySecretRoutes();
std::span<const Route> gatewayModelRoutes();
std::span<const Route> gatewayProviderRoutes();
std::span<const Route> gatewayEndpointRoutes();
std::span<const Route> gatewayLinkRoutes();
std::span<const Route> gatewayBudgetRoutes();
std::span<const Route> gatewayGuardrailRoutes();

/// The gateway belongs to all names of a workspace: a caller who may read only some of them does not see its
/// configuration.
inline void requireGatewayReader(const Call& call) { call.require(access::Verb::read, "*"); }

}  // namespace regesta::api::mlflow
