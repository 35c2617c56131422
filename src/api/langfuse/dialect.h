#pragma once
#include "api/endpoint.h"

namespace regesta::api::langfuse {

/// Langfuse's words: camelCase members, errors as {"message","error"}. Its SDKs look at the status alone, and take 404
/// for "this prompt is gone": nothing transient is ever answered with it.
const Dialect& dialect();
http::Response renderError(const Error& error);

/// A time of a query, in milliseconds; empty text: nothing. Throws Invalid{field}.
std::optional<std::int64_t> timeOf(std::string_view field, const std::string& text);

}  // namespace regesta::api::langfuse
