#pragma once
#include <map>

#include "connect/connector.h"
#include "connect/web_call.h"

namespace regesta::connect::slack {

/// Slack's Web API: a message in a channel per change request, with buttons. What people clicked arrives as signed
/// calls (`inbox`); who they are is read from Slack with the connection's token.
class Slack : public Connector {
 public:
  Slack(const Connection& connection, const Secrets& secrets, const http::Egress& egress, std::vector<Incoming> inbox);

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
  /// Throws ConnectorError for {"ok": false}.
  json::object ask(const std::string& method, const json::object& arguments);
  json::object read(const std::string& methodWithQuery);
  json::object checked(const std::string& method, const WebCall::Answer& answer);
  std::optional<json::object> message(const Ticket& ticket);
  /// The account as Slack knows it now; its id is changed if it may not review.
  Account confirmed(const Incoming& action);
  Ticket ticketFor(const std::string& channel, const std::string& stamp);

  const Connection connection_;
  std::vector<Incoming> inbox_;
  WebCall call_;
  std::optional<Account> self_;
  std::string team_;
  std::map<std::string, Account> accounts_;
};

}  // namespace regesta::connect::slack
