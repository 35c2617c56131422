#pragma once
#include <optional>
#include <string>

#include "automation/trigger.h"
#include "policy/engine.h"

namespace regesta::automation {

/// An event that triggers can be about: an entry whose subject belongs to an asset.
struct TriggerEvent {
  std::int64_t index = 0;  ///< of the entry; negative: a schedule or a run
  std::string workspace, action, actor;
  std::string kind, name;  ///< of the asset
  std::string subject;     ///< "prompt/review@3": of a move, the version that the pointer points to now
  json::object body;       ///< as webhooks have it, with kind, name and version
};

/// Nothing for entries about other things.
std::optional<TriggerEvent> readEvent(db::Transaction& transaction, std::int64_t index, std::string_view entry);
/// The event of a schedule's period.
TriggerEvent scheduledEvent(const Trigger& trigger, std::int64_t period, std::int64_t now);
/// The event of a run that met the condition of a trigger.
TriggerEvent runEventOf(const tracking::Run& run, std::string_view experiment, const RunMatch& match, std::int64_t now);

/// Whether action, kind, name and filter match. The condition is another matter.
bool matches(const TriggerRule& rule, const TriggerEvent& event);
/// Throws Invalid{field "when"} for a condition that cannot be evaluated.
void checkCondition(policy::Engine& engine, const TriggerRule& rule);
/// Whether the rule's Rego condition holds. Throws Error{invalid} if it cannot be evaluated.
bool holds(policy::Engine& engine, const TriggerRule& rule, const TriggerEvent& event);

}  // namespace regesta::automation
