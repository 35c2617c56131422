#pragma once
#include <string>
#include <vector>

#include "connect/connector.h"
#include "connect/link.h"
#include "connect/statement.h"
#include "governance/gate.h"

namespace regesta::connect {

/// Whether there is something to write to the ticket.
bool hasNews(registry::Store& store, const Connection& connection, const Link& link);

/// The exchange between one connection and its tickets, for the synchronizer. Throws ConnectorError if the other
/// program does not answer; what was done until then stays, and is not done again.
class Exchange {
 public:
  Exchange(registry::Store& store, governance::Gate& gate, const Connection& connection, Connector& connector)
      : store_(store), gate_(gate), connection_(connection), connector_(connector) {}

  /// Finds or creates the ticket of a request.
  void open(const governance::ChangeRequest& request);
  /// Reads the ticket if it has changed, and writes what it lacks. `link` has the result.
  void follow(Link& link);

 private:
  struct Ticketed;  // one ticket, as it was read
  governance::ChangeRequest requestOf(const Link& link);
  std::vector<Mark> marks(std::int64_t changeRequest);
  void note(std::int64_t changeRequest, std::string mark);
  Draft draft(const governance::ChangeRequest& request);
  void takeComments(const Link& link, const Ticketed& read);
  void takeReviews(Link& link, const Ticketed& read);
  /// Why it did not count; empty: it counted.
  std::string judge(const Link& link, const TicketChange& change, std::string_view meaning, bool isDescribed);
  void recordRefusal(const Link& link, const TicketChange& change, std::string_view user, std::string_view why);
  std::string meaningOf(const TicketChange& change) const;
  void describe(Link& link, const governance::ChangeRequest& request, bool altered);
  void post(const Link& link, const governance::ChangeRequest& request, const Ticketed& read);
  void moveTicket(Link& link, const governance::ChangeRequest& request, const TicketState& state);

  registry::Store& store_;
  governance::Gate& gate_;
  const Connection& connection_;
  Connector& connector_;
};

}  // namespace regesta::connect
