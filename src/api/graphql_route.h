#pragma once
#include "api/endpoint.h"

namespace regesta::api {

/// POST /graphql, where clients of W&B and of MLflow send their requests. The fields of the two schemas have different
/// names, which say whose request it is.
Front graphqlFront();

}  // namespace regesta::api
