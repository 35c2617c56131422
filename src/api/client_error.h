#pragma once
#include <optional>
#include <string_view>

#include "base/error.h"

namespace regesta::api {

/// The detail of an Error{internal} whose message is only about the request and is shown to the client.
inline constexpr std::string_view forTheClient = "{}";

/// The message for clients instead of a server fault (internal, corrupt, unavailable), which could reveal paths, SQL or
/// addresses and belongs in the log: a sentence with the request's id. Empty for all other errors, whose messages are
/// for clients. Call it wherever an Error is rendered for a client.
std::optional<Error> clientError(const Error& error, std::string_view requestId);

}  // namespace regesta::api
