#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "connect/connection.h"
#include "connect/connector.h"
#include "connect/link.h"

/// Signed calls of a connected program that say what people did there. Stored as they came; the signature is verified
/// when one arrives and again when it is used, so a row that somebody added with SQL counts for nothing.
namespace regesta::connect {

struct SignedCall {
  std::string stamp;      ///< seconds since 1970, as the program sent it
  std::string signature;  ///< "v0=…"
  std::string body;
};

inline constexpr std::int64_t signedCallMillis = 5 * 60 * 1000;  ///< how far its time may be from ours
inline constexpr std::size_t signedCallBytes = 64 * 1024;
inline constexpr std::int64_t callsOfTicket = 500;

/// Whether the signature is that of the secret. `now` 0: at any time.
bool isSigned(const SignedCall& call, std::string_view secret, std::int64_t now);
/// Throws Error{unauthenticated} unless it is signed now, Invalid for what is not understood, Error{exists} for a call
/// that came before, Error{tooLarge} above callsOfTicket. Stores it if it is a review of a ticket, which is looked at
/// soon.
void takeSignedCall(registry::Store& store, const Connection& connection, const Secrets& secrets,
                    const SignedCall& call, std::int64_t now);
/// Those of the connection whose signature is right, oldest first.
std::vector<Incoming> incomingOf(registry::Store& store, const Connection& connection, const Secrets& secrets);

/// Links about whose tickets a call came around the last look or since that was not judged: the look may have begun
/// before the call came.
std::set<std::int64_t> unjudgedLinks(db::Transaction& transaction, const Connection& connection);

}  // namespace regesta::connect
