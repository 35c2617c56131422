#pragma once
#include <string>
#include <string_view>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// MLflow's conventions: protobuf JSON, unknown members ignored, {"error_code","message"} with its error codes.
/// Permanent failures are never 5xx, which the client would retry for minutes.
const Dialect& dialect();

std::string messageOf(const Error& error);  ///< in MLflow's words
http::Response renderError(const Error& error);

/// Throws the error for a missing protobuf field: "Missing value for required parameter 'X'."
[[noreturn]] void missing(std::string_view parameter);
/// "Invalid value V for parameter 'X' supplied: …"; `value` is shown as JSON.
[[noreturn]] void invalidValue(std::string_view parameter, std::string_view value, std::string_view hint = {});

}  // namespace regesta::api::mlflow
