#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"

/// Connections to programs in which people review change requests. One per workspace and name.
namespace regesta::connect {

inline constexpr std::size_t connectionsOfWorkspace = 20;
inline constexpr std::size_t mappedUsers = 1000;
inline constexpr std::size_t settingLength = 250;  ///< bytes of one text of a connection
inline constexpr std::size_t tokenLength = 4000;

/// Meanings of a status (or of another field's value) of a ticket. "approve:ROLE" approves in this role only.
inline constexpr std::string_view meanings[] = {"open",     "approve",   "reject", "applied",
                                                "rejected", "withdrawn", "stale",  "expired"};
inline constexpr std::string_view connectionTypes[] = {"jira", "servicenow", "slack", "teams"};

struct Connection {
  std::int64_t id = 0;
  std::string workspace, name, type;            ///< type: one of connectionTypes
  std::string url;                              ///< without a slash at the end
  std::string user;                             ///< of the token; empty: the token alone is the credential
  std::string edition;                          ///< cloud, data-center
  std::string project, issueType;               ///< key of the project; name of the type
  std::string field = "status";                 ///< whose values have meanings
  std::vector<std::string> patterns;            ///< "model/loan-*"; none: every asset
  std::map<std::string, std::string> statuses;  ///< meaning → value
  std::map<std::string, std::string> users;     ///< account id → name of a user
  std::int64_t pollSeconds = 60;
  bool active = true;
  std::string sealed;  ///< Secrets, encrypted
  std::int64_t createdAt = 0, updatedAt = 0;
  std::string createdBy;

  std::string state;  ///< new, connected, unreachable, limited, unauthorized, refused
  std::string problem;
  std::int64_t attempts = 0, blockedUntil = 0, connectedAt = 0;

  /// The value with this meaning; empty: none.
  std::string statusOf(std::string_view meaning) const;
  std::string subject() const { return "connection/" + name; }
};

struct Secrets {
  std::string token;
  std::string webhook;  ///< key of the signature of events
};

/// Whether `one` and `other` differ in who speaks as the mapped users, or in what counts as a review: everything but
/// the pattern of assets, the pace, the type of issues and whether it is active.
bool differInReviewers(const Connection& one, const Secrets& ofOne, const Connection& other, const Secrets& ofOther);

/// Encrypted under a key that is not in the database.
std::string sealSecrets(const registry::Store& store, const Connection& connection, const Secrets& secrets);
/// Throws Error{corrupt} if the key of the ledger or the row has changed since.
Secrets openSecrets(const registry::Store& store, const Connection& connection);

/// Creates or replaces it; `connection.sealed` is set. Recorded as "connection.set" about "connection/NAME", without
/// secrets. Throws Invalid, also for users that do not exist.
Connection setConnection(registry::Change& change, Connection connection);
std::vector<Connection> listConnections(db::Transaction& transaction, std::string_view workspace);
std::optional<Connection> findConnection(db::Transaction& transaction, std::string_view workspace,
                                         std::string_view name);
std::vector<Connection> activeConnections(db::Transaction& transaction);
/// With its links. Recorded as "connection.deleted".
void deleteConnection(registry::Change& change, const Connection& connection);

/// Stores state, problem, attempts, blockedUntil and connectedAt, unless the connection was set again meanwhile.
void noteState(registry::Store& store, const Connection& connection);

}  // namespace regesta::connect
