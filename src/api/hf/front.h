#pragma once
#include "api/endpoint.h"

namespace regesta::api::hf {

/// The Hugging Face Hub below /hf: models and datasets are repositories, workspaces their namespaces, versions their
/// commits, aliases their branches and tags (registry/commit.h). Errors are {"error"} with X-Error-Code.
Front front();

}  // namespace regesta::api::hf
