#pragma once
#include <map>

#include "connect/connector.h"
#include "connect/web_call.h"

namespace regesta::connect::servicenow {

/// Change requests of ServiceNow by its Table API. With the field "approval", reviews are the records of approvers
/// (sysapproval_approver); with another one, its changes in the audit history (sys_audit).
class ServiceNow : public Connector {
 public:
  ServiceNow(const Connection& connection, const Secrets& secrets, const http::Egress& egress);

  Account self() override;
  std::optional<Ticket> find(std::string_view label) override;
  Ticket create(const Draft& draft) override;
  std::optional<TicketState> look(const Ticket& ticket) override;
  std::vector<TicketChange> changes(const Ticket& ticket) override;
  std::vector<TicketComment> comments(const Ticket& ticket) override;
  void describe(const Ticket& ticket, const Draft& draft) override;
  void comment(const Ticket& ticket, const Document& text) override;
  bool moveTo(const Ticket& ticket, std::string_view status) override;
  bool isDescription(std::string_view field) const override;

 private:
  bool hasApprovers() const { return connection_.field == "approval"; }
  Ticket ticketOf(const json::object& record) const;
  /// The account that has the user name now; without an id if there is none.
  Account accountNamed(const std::string& userName);
  /// Every record, page by page.
  std::vector<json::object> all(std::string_view table, const std::string& query, std::string_view fields);
  void update(const Ticket& ticket, const json::object& fields);

  const Connection connection_;
  WebCall call_;
  std::map<std::string, Account> accounts_;  ///< by user name
};

/// Plain text: nothing in it is markup in ServiceNow's journals.
std::string plainText(const Document& document);

}  // namespace regesta::connect::servicenow
