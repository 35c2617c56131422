#pragma once
#include "api/endpoint.h"
#include "http/message.h"
#include "http/router.h"

namespace regesta::api::mlflow {

/// Everything that the unmodified mlflow client calls, as MLflow 3.17 answers it.
Front front();

}  // namespace regesta::api::mlflow
