#pragma once
#include <span>

#include "api/endpoint.h"
#include "http/router.h"

namespace regesta::api::mlflow {

/// /api/2.0/mlflow-artifacts/…: listing, deletion, and refusal of multipart and presigned URLs. artifact_streams.cpp
/// transfers the content.
std::span<const Route> artifactRoutes();

/// Upload and download of artifacts, streamed.
std::span<const StreamRoute> artifactStreams();

/// Name-level check for artifacts: every path belongs to the experiment of its folder (governance/scope.h).
inline constexpr std::string_view artifactsOfOwner = "artifacts of the experiment that owns the path";
inline constexpr std::string_view artifactsOfRun = "artifacts of the run's experiment";
inline constexpr std::string_view artifactsOfModel = "artifacts of the logged model's experiment";
inline constexpr std::string_view filesOfVersion = "files of the version by its model's name";

}  // namespace regesta::api::mlflow
