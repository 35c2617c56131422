#include "api/ofrep/dialect.h"

#include "base/json.h"

namespace regesta::api::ofrep {
namespace {

std::string_view codeOf(const Error& error) {
  if (error.code == Code::notFound) return "FLAG_NOT_FOUND";
  const auto* invalid = dynamic_cast<const Invalid*>(&error);
  if (invalid && invalid->field.starts_with("context")) return "INVALID_CONTEXT";
  return error.code == Code::invalid ? "PARSE_ERROR" : "GENERAL";
}

int statusOf(Code code) {
  int native = httpStatus(code);
  // The protocol defines these codes; any other fault of the request is a 400.
  bool known = native == 401 || native == 403 || native == 404 || native == 429 || native >= 500;
  return known ? native : 400;
}

}  // namespace

http::Response renderError(const http::Request& request, const Error& error) {
  http::Response response = errorHead(error, statusOf(error.code), "Bearer realm=\"regesta\"");
  if (response.status == 401 || response.status == 403) return response;
  JsonWriter writer(response.body);
  writer.object();
  // Providers want a key, a code and details in every answer that is not a success.
  if (response.status < 500) writer.key("key").text(request.variable("key")).key("errorCode").text(codeOf(error));
  writer.key("errorDetails").text(error.message).end();
  return response;
}

const Dialect& dialect() {
  static const Dialect ofrep{
      .name = "ofrep",
      .manner = {},
      .wantsJsonType = true,
      .workspaceOfGrants = true,
      .keyHeader = "X-API-Key",
      .otherOrigins = true,
      .renderError = renderError,
  };
  return ofrep;
}

}  // namespace regesta::api::ofrep
