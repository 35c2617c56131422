#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"

namespace regesta::jobs {

/// The events that webhooks of MLflow's API subscribe to, "model_version.created" and similar, as MLflow's server sends
/// them: {"entity","action","timestamp","data"}, with "workspace" for every workspace but the default one.

bool isMlflowEvent(std::string_view event);
/// The ledger actions that lead to the events, for WebhookFilter::actions.
std::vector<std::string> actionsOf(const std::vector<std::string>& events);
/// The event that a ledger entry with this action and subject leads to; empty: none.
std::string_view mlflowEventOf(std::string_view action, std::string_view subject);
/// The body for a ledger entry that leads to an event. Tags, descriptions and sources are read as they are now, because
/// entries hold only their digests.
std::string mlflowEventBody(db::Transaction& transaction, std::string_view entry);
/// The body of a test.
std::string mlflowExampleBody(std::string_view event, std::string_view workspace);

}  // namespace regesta::jobs
