#include "connect/connector.h"
#include "connect/jira/jira.h"
#include "connect/servicenow/servicenow.h"
#include "connect/slack/slack.h"
#include "connect/teams/teams.h"

namespace regesta::connect {

std::unique_ptr<Connector> makeConnector(const Connection& connection, const Secrets& secrets,
                                         const http::Egress& egress, std::vector<Incoming> inbox) {
  if (connection.type == "jira") return std::make_unique<jira::Jira>(connection, secrets, egress);
  if (connection.type == "servicenow") return std::make_unique<servicenow::ServiceNow>(connection, secrets, egress);
  if (connection.type == "slack") return std::make_unique<slack::Slack>(connection, secrets, egress, std::move(inbox));
  if (connection.type == "teams") return std::make_unique<teams::Teams>(connection, secrets, egress);
  throw error(Code::internal, "there is no connector for '{}'", connection.type);
}

}  // namespace regesta::connect
