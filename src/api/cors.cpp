#include "api/cors.h"

#include "api/origin.h"

namespace regesta::api {
namespace {

bool mayRead(Core& core, std::string_view origin) {
  return isLoopbackOrigin(origin) || core.access.asksForCredentials();
}

}  // namespace

void allowOrigin(Core& core, const http::Request& request, http::Response& response) {
  response.headers.add("Vary", "Origin");
  auto origin = request.headers.get("Origin");
  if (!origin || !mayRead(core, *origin)) return;
  response.headers.set("Access-Control-Allow-Origin", std::string(*origin));
  response.headers.set("Access-Control-Expose-Headers", "ETag, Retry-After");
}

http::Response preflight(Core& core, const http::Request& request) {
  http::Response response{204, {}, {}, {}};
  allowOrigin(core, request, response);
  response.headers.set("Access-Control-Allow-Methods", "GET, HEAD, POST, PATCH, DELETE");
  if (auto headers = request.headers.get("Access-Control-Request-Headers"))
    response.headers.set("Access-Control-Allow-Headers", std::string(*headers));
  response.headers.set("Access-Control-Max-Age", "600");
  return response;
}

}  // namespace regesta::api
