#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "connect/connection.h"
#include "connect/connector.h"
#include "governance/change_request.h"

/// Which ticket belongs to which change request, and what has been exchanged.
namespace regesta::connect {

struct Link {
  std::int64_t id = 0, connection = 0, changeRequest = 0;
  Ticket ticket;
  std::int64_t linkedAt = 0;
  std::string shownDecision;  ///< digest of the decision that the ticket describes; empty: not yet
  std::int64_t shownAt = 0;   ///< since when, by the other program's clock

  std::string revision;  ///< of the ticket when it was read last
  std::int64_t lookedAt = 0, nextAt = 0, attempts = 0;
  std::string problem;
  bool finished = false;  ///< the request is closed and the ticket says so
};

/// Open requests that the connection covers and that have no ticket. Without those whose ticket may have been created
/// moments ago: searches of other programs find it only after some time.
std::vector<governance::ChangeRequest> unlinkedRequests(db::Transaction& transaction, const Connection& connection,
                                                        std::int64_t now);
/// Links that are not finished.
std::vector<Link> openLinks(db::Transaction& transaction, std::int64_t connection);

/// Recorded as "change-request.linked".
Link addLink(registry::Change& change, const Connection& connection, const governance::ChangeRequest& request,
             const Ticket& ticket);
/// Recorded like that: from now on, an approval through the ticket is for this decision.
void noteShown(registry::Change& change, const Connection& connection, const governance::ChangeRequest& request,
               Link& link, std::string_view decision, std::int64_t since);
/// Stores revision, lookedAt, nextAt, attempts, problem and finished.
void noteProgress(registry::Store& store, const Link& link);
inline constexpr std::int64_t eventPause = 1000;  ///< milliseconds between two looks at a ticket that events cause
/// An event arrived: the ticket is looked at soon; empty: all of the connection are.
void lookSoon(db::Transaction& transaction, const Connection& connection, std::string_view ticket = {});

/// For people who read the request.
struct LinkView {
  std::string connection, type, key, url, problem;
};
std::vector<LinkView> linksOf(db::Transaction& transaction, std::int64_t changeRequest);

/// Things that happen once: a mark says that it has happened.
struct Mark {
  std::string name, note;
  std::int64_t at = 0;
};
inline constexpr std::string_view intentMark = "intent";  ///< a ticket is about to be created
/// `connection` is a name.
std::vector<Mark> marksOf(db::Transaction& transaction, std::string_view connection, std::int64_t changeRequest);
/// Throws Error{exists} if it is there.
void addMark(db::Transaction& transaction, std::string_view connection, std::int64_t changeRequest, const Mark& mark);
/// Adds or replaces it.
void setMark(db::Transaction& transaction, std::string_view connection, std::int64_t changeRequest, const Mark& mark);

}  // namespace regesta::connect
