#pragma once
#include "api/endpoint.h"

namespace regesta::api::langfuse {

/// Langfuse's words: camelCase members, errors as {"message","error"}. Its SDKs look at the status alone, and take 404
/// for "this prompt is gone": nothing transient is ever answered with it.
const Dialect& dialect();
http::Response renderError(const Error& error);

}  // namespace regesta::api::langfuse
