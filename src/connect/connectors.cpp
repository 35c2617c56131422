#include "connect/connector.h"
#include "connect/jira/jira.h"

namespace regesta::connect {

std::unique_ptr<Connector> makeConnector(const Connection& connection, const Secrets& secrets,
                                         const http::Egress& egress) {
  if (connection.type == "jira") return std::make_unique<jira::Jira>(connection, secrets, egress);
  throw error(Code::internal, "there is no connector for '{}'", connection.type);
}

}  // namespace regesta::connect
