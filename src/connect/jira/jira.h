#pragma once
#include "connect/connector.h"
#include "connect/web_call.h"

namespace regesta::connect::jira {

/// JIRA Cloud (version 3 of its REST API) and JIRA Data Center (version 2).
class Jira : public Connector {
 public:
  Jira(const Connection& connection, const Secrets& secrets, const http::Egress& egress);

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
  bool isCloud() const { return connection_.edition == "cloud"; }
  json::value markup(const Document& document) const;
  Account accountOf(const json::value* value) const;
  Ticket ticketOf(const json::object& issue) const;
  TicketChange changeOf(const json::object& history) const;

  const Connection connection_;
  WebCall call_;
  std::optional<Account> self_;
};

}  // namespace regesta::connect::jira
