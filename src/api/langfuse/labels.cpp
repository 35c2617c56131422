#include "api/langfuse/labels.h"

#include <algorithm>

#include "api/langfuse/prompt_wire.h"
#include "governance/gate.h"
#include "registry/pointer.h"

namespace regesta::api::langfuse {

using governance::Gate;

std::vector<std::string> settableLabels(const std::vector<std::string>& request) {
  std::vector<std::string> labels;
  for (const std::string& label : request) {
    if (label == latestLabel || std::ranges::find(labels, label) != labels.end()) continue;
    registry::checkAlias(label);
    labels.push_back(label);
  }
  return labels;
}

Labelling moveLabels(Call& call, const registry::AssetKey& key, std::int64_t number,
                     const std::vector<std::string>& labels) {
  Labelling labelling;
  json::object details;
  for (const std::string& label : labels) {
    Gate::Move move{.key = key, .pointer = registry::Pointer::alias(label), .to = number};
    Gate::Outcome outcome = call.core.gate.move(*call.identity, move);
    if (outcome.isDone()) continue;
    labelling.held.push_back(label);
    labelling.text += fmt::format("{}label '{}' did not move: {}", labelling.text.empty() ? "" : "; ", label,
                                  governance::outcomeText(call.core.gate, move, outcome));
    details[label] = governance::outcomeJson(call.core.gate, outcome);
  }
  labelling.details = json::serialize(details);
  return labelling;
}

}  // namespace regesta::api::langfuse
