#pragma once
#include <string>
#include <string_view>

#include "api/endpoint.h"

namespace regesta::api::mlflow {

/// How MLflow's server speaks: protobuf JSON, unknown members ignored, {"error_code","message"} with its own codes. No
/// permanent failure is a 5xx: the client would repeat it for minutes.
const Dialect& dialect();

http::Response renderError(const Error& error);

/// The words for what protobuf would have refused: "Missing value for required parameter 'X'."
[[noreturn]] void missing(std::string_view parameter);
/// "Invalid value V for parameter 'X' supplied: …"; `value` is shown as JSON.
[[noreturn]] void invalidValue(std::string_view parameter, std::string_view value, std::string_view hint = {});

}  // namespace regesta::api::mlflow
