#pragma once
#include "api/endpoint.h"

namespace regesta::api::wandb {

/// Weights & Biases: what its clients call when WANDB_BASE_URL is this server (docs/wandb.md).
Front front();

}  // namespace regesta::api::wandb
