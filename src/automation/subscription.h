#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "registry/change.h"

/// The events about which a user gets e-mail.
namespace regesta::automation {

inline constexpr std::size_t subscriptionsOfPerson = 10;
inline constexpr std::string_view reviewEvent = "review";  ///< a change request waits for this user's approval
inline constexpr std::string_view frequencies[] = {"now", "hourly", "daily"};

struct Subscription {
  std::int64_t id = 0;
  std::string workspace, person, name;  ///< person: name of the user
  std::string address;
  std::vector<std::string> events;    ///< "review", names of ledger actions, or patterns of these ("alias.*")
  std::vector<std::string> patterns;  ///< "model/loan-*"; none: every asset
  std::string every = "now";
  std::string confirmation;  ///< digest of the code that was sent to the address; empty: confirmed
  std::int64_t setAt = 0;
  bool isConfirmed() const { return confirmation.empty(); }
  std::string subject() const { return fmt::format("subscription/{}", id); }
  /// When a notification of now is sent.
  std::int64_t dueAt(std::int64_t now) const;
};

/// Creates or replaces the caller's own. Recorded as "subscription.set". A new address gets a code, which is returned;
/// empty: the address was confirmed before. Throws Invalid, Error{denied} for tokens, Error{invalidState} within a
/// minute of the last code.
std::string setSubscription(registry::Change& change, const access::Identity& identity, Subscription& subscription);
/// Throws Error{denied} for another code.
void confirmSubscription(registry::Change& change, const Subscription& subscription, std::string_view code);
/// Recorded as "subscription.deleted".
void deleteSubscription(registry::Change& change, const Subscription& subscription);
std::optional<Subscription> findSubscription(db::Transaction& transaction, std::string_view workspace,
                                             std::string_view person, std::string_view name);
/// By name. Empty person: everybody's of all workspaces that are confirmed.
std::vector<Subscription> listSubscriptions(db::Transaction& transaction, std::string_view workspace,
                                            std::string_view person);

}  // namespace regesta::automation
