#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "api/endpoint.h"
#include "registry/asset.h"

namespace regesta::api::langfuse {

/// The labels to set: each once, without "latest", which is automatic. Throws Invalid for an invalid alias name, before
/// anything has moved.
std::vector<std::string> settableLabels(const std::vector<std::string>& request);

/// Result of moving labels.
struct Labelling {
  std::vector<std::string> held;  ///< labels that a gate refused to move
  std::string text;               ///< message about `held`, with every reason
  std::string details = "{}";     ///< held label → the gate's outcome (governance::outcomeJson)
};
/// Moves each label to the version through the gate, one by one, continuing after refusals.
Labelling moveLabels(Call& call, const registry::AssetKey& key, std::int64_t number,
                     const std::vector<std::string>& labels);

}  // namespace regesta::api::langfuse
