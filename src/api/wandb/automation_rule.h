#pragma once
#include <string>

#include "api/endpoint.h"
#include "automation/trigger.h"
#include "base/json.h"
#include "jobs/webhook.h"

namespace regesta::api::wandb {

/// W&B's automations are triggers (automation/trigger.h). What a client wants to read again of one is the trigger's
/// annotation of this name.
inline constexpr std::string_view automationAnnotation = "wandb";

/// What an automation is about.
struct AutomationScope {
  std::string type;                 ///< PROJECT or ARTIFACT_COLLECTION
  std::string workspace;            ///< W&B: entity
  std::string kind, names;          ///< of a trigger on artifacts
  std::string project, collection;  ///< collection empty: all of the project
  json::object shown;               ///< Scope of the schema
};
/// Throws Error{notFound}, also for what the caller may not read; Error{unsupported} for a scope of another type.
AutomationScope automationScope(const Call& call, db::Transaction& transaction, const std::string& type,
                                const std::string& id);

/// The rule of a trigger for CreateFilterTriggerInput. Throws Error{unsupported} that says what has no counterpart.
json::object ruleOf(db::Transaction& transaction, const AutomationScope& scope, const json::object& input);

/// The webhook of an integration's id, in the workspace.
std::int64_t webhookOf(db::Transaction& transaction, std::string_view workspace, std::string_view id);
/// Integration of the schema: webhooks that send what Slack's incoming webhooks take ({"text": …}) are Slack's.
json::object integrationObject(const jobs::Webhook& webhook);
bool isSlack(const jobs::Webhook& webhook);

}  // namespace regesta::api::wandb
