#pragma once
#include <string>

#include "tracking/missing.h"
#include "tracking/state_error.h"

namespace regesta::api::mlflow {

/// The message that MLflow's server gives for something that does not exist.
std::string missingText(const tracking::Missing& error);
/// … for a change of something deleted, and for the name of an experiment that exists.
std::string deletedText(const tracking::Deleted& error);
std::string takenText(const tracking::NameTaken& error);

}  // namespace regesta::api::mlflow
