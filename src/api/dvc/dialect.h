#pragma once
#include "api/endpoint.h"

namespace regesta::api::dvc {

/// Errors are plain text: DVC shows the status, people with curl see why.
const Dialect& dialect();

}  // namespace regesta::api::dvc
