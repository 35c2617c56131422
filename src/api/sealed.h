#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "api/core.h"
#include "base/json.h"
#include "http/message.h"

namespace regesta::api {

/// The payload and the server's MAC over it, in letters that need no escape in a URL. It is signed, not encrypted. What
/// was sealed for one purpose opens for no other. It is issued in the name of the payload's member "actor", and ends
/// with the password or token of this actor.
std::string seal(const Core& core, std::string_view purpose, const json::object& payload);
/// Nothing when the server, or another one of this database, did not seal it for this purpose.
std::optional<json::object> unseal(const Core& core, std::string_view purpose, std::string_view sealed);

/// The query string of an address that takes the place of credentials for some seconds: "grant=…".
std::string sealGrant(const Core& core, std::string_view purpose, json::object payload, std::int64_t seconds);
/// What was sealed in a request's address. Throws Error{denied} for an address that is not valid or has expired.
json::object openGrant(const Core& core, std::string_view purpose, const http::Request& request);

}  // namespace regesta::api
