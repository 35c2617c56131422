#include "api/wandb/front.h"

#include <algorithm>

#include "api/wandb/artifact_files.h"
#include "api/wandb/artifact_parts.h"
#include "api/wandb/dialect.h"
#include "api/wandb/run_files.h"
#include "base/json.h"

namespace regesta::api::wandb {
namespace {

/// W&B's clients send a request again for minutes after every status but a few: only what may pass with time is one of
/// those that they repeat.
int statusOf(Code code) {
  int status = httpStatus(code);
  constexpr int final[] = {400, 401, 403, 404, 409, 410, 413, 422, 501};
  bool passes = code == Code::unavailable || code == Code::exhausted;
  return passes || std::ranges::find(final, status) != std::end(final) ? status : 400;
}

http::Response renderError(const http::Request& /*request*/, const Error& error) {
  http::Response response = errorHead(error, statusOf(error.code));
  JsonWriter writer(response.body);
  writer.object().key("errors").array().object().key("message").text(error.message).end().end();
  writer.key("error").text(error.message).end();
  return response;
}

}  // namespace

const Dialect& dialect() {
  static const Dialect wandb{.name = "wandb", .manner = {}, .workspaceOfGrants = true, .renderError = renderError};
  return wandb;
}

Front front() {
  static constexpr std::string_view below[] = {"/files/", "/artifactsV2/"};
  static const std::vector<StreamRoute> streams = [] {
    std::vector<StreamRoute> all(runStreams().begin(), runStreams().end());
    all.insert(all.end(), artifactStreams().begin(), artifactStreams().end());
    all.insert(all.end(), partStreams().begin(), partStreams().end());
    return all;
  }();
  return {.dialect = dialect(), .routes = {}, .prefixes = below, .streams = streams};
}

}  // namespace regesta::api::wandb
