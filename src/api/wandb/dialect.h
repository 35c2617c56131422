#pragma once
#include "api/endpoint.h"

namespace regesta::api::wandb {

const Dialect& dialect();

}  // namespace regesta::api::wandb
