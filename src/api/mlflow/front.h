#pragma once
#include "api/endpoint.h"
#include "http/message.h"
#include "http/router.h"

namespace regesta::api::mlflow {

/// All endpoints that the unmodified mlflow client calls, compatible with MLflow 3.17.
Front front();

}  // namespace regesta::api::mlflow
