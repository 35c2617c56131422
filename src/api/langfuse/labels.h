#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "api/endpoint.h"
#include "registry/asset.h"

namespace regesta::api::langfuse {

/// The labels that can be set: each once, without "latest", which is automatic. Throws Invalid for one that no alias
/// may be called, before anything has moved.
std::vector<std::string> settableLabels(const std::vector<std::string>& asked);

/// What became of labels that were to move.
struct Labelling {
  std::vector<std::string> held;  ///< labels that a gate kept where they are
  std::string text;               ///< held, in words, with every reason
  std::string details = "{}";     ///< held label → what the gate said, as JSON (governance::outcomeJson)
};
/// Puts each label on the version, through the gate, one after the other: those that may move do.
Labelling moveLabels(Call& call, const registry::AssetKey& key, std::int64_t number,
                     const std::vector<std::string>& labels);

}  // namespace regesta::api::langfuse
