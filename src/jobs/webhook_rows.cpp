#include "jobs/webhook_rows.h"

#include "base/json.h"

namespace regesta::jobs::rows {

Webhook webhook(const db::Rows& row) {
  Webhook found;
  found.id = row.integer(0);
  found.workspace = row.text(1);
  found.url = row.text(2);
  found.description = row.text(3);
  json::value actions = parseJson(row.view(4));
  for (const json::value& action : actions.as_array()) found.filter.actions.emplace_back(action.as_string());
  found.filter.names = row.text(5);
  found.secret = row.text(6);
  found.active = row.integer(7) != 0;
  found.cursor = row.integer(8);
  found.attempts = row.integer(9);
  found.nextAt = row.integer(10);
  found.problem = row.text(11);
  found.createdAt = row.integer(12);
  found.createdBy = row.text(13);
  return found;
}

std::string actionsText(const WebhookFilter& filter) {
  return writeJson(json::array(filter.actions.begin(), filter.actions.end()));
}

}  // namespace regesta::jobs::rows
