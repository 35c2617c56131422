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

}  // namespace regesta::api::mlflow
