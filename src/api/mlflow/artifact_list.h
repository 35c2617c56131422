#pragma once
#include <string_view>

#include "api/endpoint.h"
#include "api/mlflow/tracking_wire.h"

namespace regesta::api::mlflow {

/// The direct children of `path` below an artifact URI, named from the URI's root. Empty for a file, a missing folder
/// and places that this server does not store. Throws Error{invalid} for an unsafe path.
wire::FileList listBelow(const Call& call, std::string_view artifactUri, std::string_view path);

}  // namespace regesta::api::mlflow
