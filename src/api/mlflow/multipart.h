#pragma once
#include <span>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// /api/2.0/mlflow-artifacts/mpu/…: uploads in parts, which a client sends side by side to addresses that are signed
/// for one upload of one actor. Uploads are S3's (registry/part_upload.h); only who began one may use it here.
std::span<const Route> multipartRoutes();
std::span<const StreamRoute> multipartStreams();

}  // namespace regesta::api::mlflow
