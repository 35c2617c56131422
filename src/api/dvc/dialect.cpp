#include "api/dvc/dialect.h"

namespace regesta::api::dvc {
namespace {

http::Response renderError(const http::Request& /*request*/, const Error& error) {
  http::Response response = errorHead(error, httpStatus(error.code));
  response.contentType = "text/plain; charset=utf-8";
  response.body = error.message + "\n";
  return response;
}

}  // namespace

const Dialect& dialect() {
  static const Dialect dvc{.name = "dvc", .manner = {}, .workspaceOfGrants = true, .renderError = renderError};
  return dvc;
}

}  // namespace regesta::api::dvc
