#pragma once
#include <span>

#include "api/endpoint.h"
#include "http/router.h"

namespace regesta::api::mlflow {

/// /api/2.0/mlflow-artifacts/…: listing, deletion and signed addresses. artifact_streams.cpp transfers the content,
/// multipart.h in parts.
std::span<const Route> artifactRoutes();

/// Upload and download of artifacts, streamed.
std::span<const StreamRoute> artifactStreams();

/// An artifact at a signed address (api/signed_address.h): its route, and what it is signed for.
inline constexpr std::string_view signedArtifactPath = "/api/2.0/mlflow-artifacts/signed/";
inline std::string signedArtifact(std::string_view path) { return fmt::format("artifact {}", path); }

/// Name-level check for artifacts: every path belongs to the experiment of its folder (governance/scope.h).
inline constexpr std::string_view artifactsOfOwner = "artifacts of the experiment that owns the path";
inline constexpr std::string_view artifactsOfRun = "artifacts of the run's experiment";
inline constexpr std::string_view artifactsOfModel = "artifacts of the logged model's experiment";
inline constexpr std::string_view filesOfVersion = "files of the version by its model's name";

}  // namespace regesta::api::mlflow
