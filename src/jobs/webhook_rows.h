#pragma once
#include <string>
#include <string_view>

#include "jobs/webhook.h"

/// Rows of the webhook table, for webhook.cpp and webhook_sender.cpp.
namespace regesta::jobs::rows {

inline constexpr std::string_view webhookColumns =
    "id, workspace, url, description, actions, names, secret, active, cursor, attempts, next_at, problem, created_at, "
    "created_by, name, events, updated_at, headers, template, kinds";
Webhook webhook(const db::Rows& row);
std::string actionsText(const WebhookFilter& filter);
std::string eventsText(const Webhook& webhook);
std::string headersText(const Webhook& webhook);
std::string kindsText(const Webhook& webhook);

}  // namespace regesta::jobs::rows
