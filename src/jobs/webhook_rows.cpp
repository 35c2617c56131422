#include "jobs/webhook_rows.h"

#include "base/json.h"
#include "base/text.h"
#include "db/columns.h"

namespace regesta::jobs::rows {

Webhook webhook(const db::Rows& row) {
  constexpr db::Columns at(webhookColumns);
  Webhook found;
  found.id = row.integer(at["id"]);
  found.workspace = row.text(at["workspace"]);
  found.url = row.text(at["url"]);
  found.description = row.text(at["description"]);
  json::value actions = parseJson(row.view(at["actions"]));
  for (const json::value& action : actions.as_array()) found.filter.actions.emplace_back(action.as_string());
  found.filter.names = row.text(at["names"]);
  found.secret = row.text(at["secret"]);
  found.active = row.integer(at["active"]) != 0;
  found.cursor = row.integer(at["cursor"]);
  found.attempts = row.integer(at["attempts"]);
  found.nextAt = row.integer(at["next_at"]);
  found.problem = row.text(at["problem"]);
  found.createdAt = row.integer(at["created_at"]);
  found.createdBy = row.text(at["created_by"]);
  found.name = row.text(at["name"]);
  if (std::string events = row.text(at["events"]); !events.empty())
    for (std::string_view event : split(events, ' ')) found.events.emplace_back(event);
  found.updatedAt = row.integer(at["updated_at"]);
  if (std::string headers = row.text(at["headers"]); !headers.empty())
    for (const auto& header : parseJson(headers).as_object())
      found.headers[std::string(header.key())] = std::string(header.value().as_string());
  found.bodyTemplate = row.text(at["template"]);
  if (std::string kinds = row.text(at["kinds"]); !kinds.empty())
    for (std::string_view kind : split(kinds, ' ')) found.filter.kinds.emplace_back(kind);
  return found;
}

std::string actionsText(const WebhookFilter& filter) {
  return writeJson(json::array(filter.actions.begin(), filter.actions.end()));
}

std::string headersText(const Webhook& webhook) {
  if (webhook.headers.empty()) return {};
  json::object object;
  for (const auto& [name, value] : webhook.headers) object[name] = value;
  return canonicalJson(object);
}

std::string kindsText(const Webhook& webhook) { return join(webhook.filter.kinds, " "); }

std::string eventsText(const Webhook& webhook) { return join(webhook.events, " "); }

}  // namespace regesta::jobs::rows
