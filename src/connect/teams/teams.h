#pragma once
#include "connect/connector.h"
#include "connect/web_call.h"

namespace regesta::connect::teams {

/// An incoming webhook of Microsoft Teams: one card with a link per change request. Nothing can be read there, so
/// people review in Regesta.
class Teams : public Connector {
 public:
  Teams(const Connection& connection, const Secrets& secrets, const http::Egress& egress);

  Account self() override { return {"webhook", "incoming webhook"}; }
  std::optional<Ticket> find(std::string_view) override { return std::nullopt; }
  Ticket create(const Draft& draft) override;
  std::optional<TicketState> look(const Ticket&) override { return TicketState{"sent", 1, ""}; }
  std::vector<TicketChange> changes(const Ticket&) override { return {}; }
  std::vector<TicketComment> comments(const Ticket&) override { return {}; }
  void describe(const Ticket&, const Draft&) override {}
  void comment(const Ticket&, const Document&) override {}
  bool moveTo(const Ticket&, std::string_view) override { return true; }
  bool isDescription(std::string_view) const override { return false; }

 private:
  std::string path_;
  WebCall call_;
};

}  // namespace regesta::connect::teams
