#pragma once
#include "api/endpoint.h"

namespace regesta::api::oci {

/// The OCI distribution API below /v2/: a repository is an asset, a manifest is a version, a tag is an alias. Tags move
/// only through governance::Gate, and manifests are deleted by the rules for versions.
Front front();

// The parts of its table.
std::span<const StreamRoute> manifestStreams();
std::span<const StreamRoute> blobStreams();
std::span<const StreamRoute> uploadStreams();
std::span<const StreamRoute> listStreams();

}  // namespace regesta::api::oci
