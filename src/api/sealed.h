#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "api/core.h"
#include "base/json.h"

namespace regesta::api {

/// The payload and the server's MAC over it, in letters that need no escape in a URL. It is signed, not encrypted. What
/// was sealed for one purpose opens for no other.
std::string seal(const Core& core, std::string_view purpose, const json::object& payload);
/// Nothing when the server, or another one of this database, did not seal it for this purpose.
std::optional<json::object> unseal(const Core& core, std::string_view purpose, std::string_view sealed);

}  // namespace regesta::api
