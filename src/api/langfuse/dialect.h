#pragma once
#include "api/endpoint.h"

namespace regesta::api::langfuse {

/// Langfuse's conventions: camelCase members, errors as {"message","error"}. Its SDKs use only the status, and take 404
/// as a deleted prompt, so transient errors never have it.
const Dialect& dialect();
http::Response renderError(const Error& error);

/// A time of a query, in milliseconds; none for empty text. Throws Invalid{field}.
std::optional<std::int64_t> timeOf(std::string_view field, const std::string& text);

}  // namespace regesta::api::langfuse
