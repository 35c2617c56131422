#pragma once
#include <string>

#include "filter/query_error.h"

namespace regesta::api::mlflow {

/// The message that MLflow's server gives for the rule; clients and their tests compare it.
std::string queryText(const filter::QueryError& error);

}  // namespace regesta::api::mlflow
