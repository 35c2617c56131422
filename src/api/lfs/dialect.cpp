#include "api/lfs/dialect.h"

#include "base/json.h"

namespace regesta::api::lfs {
namespace {

http::Response renderError(const http::Request& request, const Error& error) {
  http::Response response = errorHead(error, statusOf(error));
  response.contentType = mediaType;
  if (error.code == Code::unauthenticated) response.headers.set("LFS-Authenticate", std::string(basicChallenge));
  JsonWriter writer(response.body);
  writer.object().key("message").text(error.message);
  if (!request.id.empty()) writer.key("request_id").text(request.id);
  writer.end();
  return response;
}

}  // namespace

int statusOf(const Error& error) { return error.code == Code::invalid ? 422 : httpStatus(error.code); }

const Dialect& dialect() {
  static const Dialect lfs{.name = "lfs", .manner = {}, .renderError = renderError};
  return lfs;
}

}  // namespace regesta::api::lfs
