#pragma once
#include <string>

#include "base/json.h"

namespace regesta::api::wandb {

/// The filter of an automation's event, in the form of MongoDB's, as a Rego expression over `input`, the event of a
/// trigger. Empty: it accepts all. `ofRun`: the filter is about a run, otherwise about an artifact. Throws
/// Error{unsupported} for a field or operator that has no counterpart.
std::string regoOf(const json::value& filter, bool ofRun);

}  // namespace regesta::api::wandb
