#include "api/routes.h"

#include "api/endpoint.h"
#include "api/git/front.h"
#include "api/langfuse/front.h"
#include "api/mlflow/front.h"
#include "api/native/front.h"
#include "api/ofrep/dialect.h"
#include "api/ofrep/front.h"
#include "api/system.h"
#include "api/web/site.h"
#include "base/error.h"

namespace regesta::api {
namespace {

bool isMlflow(std::string_view path) {
  return path.starts_with("/api/2.0/mlflow") || path.starts_with("/api/3.0/mlflow") || path.starts_with("/ajax-api/");
}

}  // namespace

// A new front is one line here.
std::span<const Front> fronts() {
  static const Front all[] = {systemFront(),     native::front(), mlflow::front(),
                              langfuse::front(), ofrep::front(),  web::front()};
  return all;
}

std::unique_ptr<http::Router> makeRouter(Core& core) {
  auto router = std::make_unique<http::Router>();
  for (const Front& front : fronts()) mount(*router, core, front);
  native::mountStreams(*router, core);
  native::mountJobStreams(*router, core);
  mlflow::mountStreams(*router, core);
  ofrep::mountStreams(*router, core);
  git::mountStreams(*router, core);
  return router;
}

http::Response renderStray(const http::Request& request, const Error& error) {
  if (request.rawPath.starts_with("/api/public/")) return langfuse::renderStray(request, error);
  if (request.rawPath.starts_with("/ofrep/")) return ofrep::renderError(request, error);
  if (request.rawPath.starts_with("/git/")) return git::renderError(error);
  if (error.code == Code::notFound)
    if (auto page = web::pageFor(request)) return *std::move(page);
  return isMlflow(request.rawPath) ? mlflow::renderStray(request, error) : native::dialect().renderError(error);
}

std::string wholeOpenApi(std::string_view version) { return openApi(fronts(), version); }

}  // namespace regesta::api
