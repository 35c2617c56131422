#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "connect/connection.h"
#include "connect/document.h"

namespace regesta::http {
class Egress;
}

namespace regesta::connect {

/// An account at the other program. `id` is what it never changes and its owner cannot choose; `name` is for people.
struct Account {
  std::string id, name;
};

/// Where people review a change request: an issue.
struct Ticket {
  std::string id;   ///< permanent
  std::string key;  ///< what people call it, "ML-12"; may change
  std::string url;
};

struct TicketState {
  std::string revision;        ///< differs after each change of the ticket, its comments included
  std::int64_t changedAt = 0;  ///< of the newest change, by the other program's clock
  std::string status;
};

struct FieldChange {
  std::string field, to;
};
/// What one account changed at one moment, as the other program remembers it.
struct TicketChange {
  std::string id;  ///< unique within the ticket
  Account author;
  std::int64_t at = 0;  ///< by the other program's clock
  std::vector<FieldChange> items;
};

struct TicketComment {
  std::string id;
  Account author;
  std::string text;
  bool restricted = false;  ///< not for everybody who sees the ticket
};

/// A review that arrived as a signed call of the other program (incoming.h).
struct Incoming {
  std::string id;      ///< unique within the connection
  std::string ticket;  ///< Ticket::id
  Account author;      ///< as the call says
  std::string team;    ///< of the author, as the call says
  bool approves = false;
  std::int64_t at = 0;  ///< by the other program's clock
};

/// What a ticket says. `label` finds it again.
struct Draft {
  std::string label, title;
  Document body;
};

/// The other program did not do what was asked.
class ConnectorError : public Error {
 public:
  enum class Kind {
    unreachable,   ///< no answer, or one that says to try again later
    limited,       ///< too many requests
    unauthorized,  ///< the credentials are refused
    refused        ///< this one request cannot succeed as it is
  };
  ConnectorError(Kind kind, std::string message, std::int64_t retryAfter = 0)
      : Error(Code::unavailable, std::move(message)), kind(kind), retryAfter(retryAfter) {}
  Kind kind;
  std::int64_t retryAfter;  ///< milliseconds that the other program asks to wait; 0: not said
};

/// What the synchronizer needs of a program in which people review. Holds no rules: who may approve and what counts is
/// decided by governance. Everything throws ConnectorError. Not thread-safe. The tests of tests/connect with the
/// fixture `site` are the conformance suite: they run on every implementation.
class Connector {
 public:
  virtual ~Connector() = default;
  /// The account whose credentials are used.
  virtual Account self() = 0;
  /// The ticket with the label that self() created.
  virtual std::optional<Ticket> find(std::string_view label) = 0;
  virtual Ticket create(const Draft& draft) = 0;
  /// Empty: the ticket no longer exists.
  virtual std::optional<TicketState> look(const Ticket& ticket) = 0;
  /// Complete, oldest first.
  virtual std::vector<TicketChange> changes(const Ticket& ticket) = 0;
  virtual std::vector<TicketComment> comments(const Ticket& ticket) = 0;
  /// Replaces title and body.
  virtual void describe(const Ticket& ticket, const Draft& draft) = 0;
  virtual void comment(const Ticket& ticket, const Document& text) = 0;
  /// False if there is no way from the present status to this one.
  virtual bool moveTo(const Ticket& ticket, std::string_view status) = 0;
  /// Whether a change of this field changes what describe() wrote.
  virtual bool isDescription(std::string_view field) const = 0;
};

/// `egress` lives longer. `inbox`: incomingOf() the connection.
std::unique_ptr<Connector> makeConnector(const Connection& connection, const Secrets& secrets,
                                         const http::Egress& egress, std::vector<Incoming> inbox = {});

}  // namespace regesta::connect
