#pragma once
#include <string>

#include "tracking/missing.h"

namespace regesta::api::mlflow {

/// The message that MLflow's server gives for something that does not exist.
std::string missingText(const tracking::Missing& error);

}  // namespace regesta::api::mlflow
