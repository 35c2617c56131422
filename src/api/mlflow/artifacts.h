#pragma once
#include <span>

#include "api/endpoint.h"
#include "http/router.h"

namespace regesta::api::mlflow {

/// /api/2.0/mlflow-artifacts/…: the listing, deletion, and what this server does not do (multipart, presigned URLs).
/// The bytes themselves go through artifact_streams.cpp.
std::span<const Route> artifactRoutes();

/// Upload and download of artifacts, streamed.
void mountArtifactStreams(http::Router& router, Core& core);

}  // namespace regesta::api::mlflow
