#include "api/routes.h"

#include "api/client_error.h"
#include "api/dvc/front.h"
#include "api/endpoint.h"
#include "api/git/front.h"
#include "api/graphql_route.h"
#include "api/hf/front.h"
#include "api/langfuse/front.h"
#include "api/lfs/front.h"
#include "api/mlflow/front.h"
#include "api/native/front.h"
#include "api/oci/front.h"
#include "api/ofrep/front.h"
#include "api/s3/front.h"
#include "api/system.h"
#include "api/wandb/front.h"
#include "api/web/site.h"
#include "api/xet/front.h"
#include "base/error.h"

namespace regesta::api {
namespace {

/// The front of the path; null: none.
const Front* ownerOf(std::string_view path) {
  const Front* owner = nullptr;
  std::size_t longest = 0;
  for (const Front& front : fronts())
    for (std::string_view prefix : front.prefixes)
      if (prefix.size() > longest && path.starts_with(prefix)) {
        owner = &front;
        longest = prefix.size();
      }
  return owner;
}

}  // namespace

// A new front is one line here.
std::span<const Front> fronts() {
  static const Front all[] = {systemFront(), native::front(), mlflow::front(), langfuse::front(), ofrep::front(),
                              git::front(),  dvc::front(),    lfs::front(),    oci::front(),      hf::front(),
                              xet::front(),  s3::front(),     wandb::front(),  graphqlFront(),    web::front()};
  return all;
}

std::unique_ptr<http::Router> makeRouter(Core& core) {
  auto router = std::make_unique<http::Router>();
  for (const Front& front : fronts()) mount(*router, core, front);
  return router;
}

bool takesOtherOrigins(std::string_view path) {
  const Front* front = ownerOf(path);
  return front && front->dialect.otherOrigins;
}

http::Response renderUnrouted(const http::Request& request, const Error& fault) {
  std::optional<Error> hidden = clientError(fault, request.id);
  const Error& error = hidden ? *hidden : fault;
  if (const Front* front = ownerOf(request.rawPath))
    return front->renderUnrouted ? front->renderUnrouted(request, error) : front->dialect.renderError(request, error);
  if (error.code == Code::notFound)
    if (auto page = web::pageFor(request)) return *std::move(page);
  return native::dialect().renderError(request, error);
}

std::string renderOpenApi(std::string_view version) { return openApi(fronts(), version); }

}  // namespace regesta::api
