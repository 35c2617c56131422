#include "api/langfuse/dialect.h"

#include "base/json.h"
#include "base/time.h"

namespace regesta::api::langfuse {
namespace {

struct Spelling {
  int status;
  std::string_view name;
};

Spelling spellingOf(Code code) {
  switch (code) {
    case Code::unauthenticated:
      return {401, "UnauthorizedError"};
    case Code::denied:
    case Code::refused:
      return {403, "ForbiddenError"};
    case Code::notFound:
      return {404, "LangfuseNotFoundError"};
    case Code::conflict:
      return {409, "LangfuseConflictError"};
    case Code::tooLarge:
      return {413, "PayloadTooLargeError"};
    case Code::unsupported:
      return {405, "MethodNotAllowedError"};
    case Code::exhausted:
      return {429, "TooManyRequestsError"};
    case Code::unavailable:
      return {503, "ServiceUnavailableError"};
    case Code::corrupt:
    case Code::internal:
      return {500, "InternalServerError"};
    default:
      return {400, "InvalidRequestError"};
  }
}

/// As the validator of Langfuse's own server reports a fault.
void writeIssue(JsonWriter& writer, const Invalid& invalid) {
  writer.key("message").text("Invalid request data").key("error").array().object();
  writer.key("code").text("custom").key("path").array().text(invalid.field).end();
  writer.key("message").text(invalid.message).end().end();
}

}  // namespace

http::Response renderError(const Error& error) {
  Spelling spelling = spellingOf(error.code);
  http::Response response = errorHead(error, spelling.status);
  JsonWriter writer(response.body);
  writer.object();
  if (const auto* invalid = dynamic_cast<const Invalid*>(&error)) {
    writeIssue(writer, *invalid);
  } else {
    writer.key("message").text(error.message).key("error").text(spelling.name);
    if (!error.detail.empty()) writer.key("detail").raw(error.detail);
  }
  writer.end();
  return response;
}

const Dialect& dialect() {
  static const Dialect langfuse{
      .name = "langfuse",
      .manner = {},
      .wantsJsonType = true,
      .workspaceOfGrants = true,
      .listMember = "list",
      .otherOrigins = true,
      .renderError = [](const http::Request&, const Error& error) { return renderError(error); },
  };
  return langfuse;
}

std::optional<std::int64_t> timeOf(std::string_view field, const std::string& text) {
  if (text.empty()) return std::nullopt;
  auto time = parseTime(text);
  if (!time) throw Invalid(std::string(field), "must be an ISO 8601 time with its offset");
  return time;
}

}  // namespace regesta::api::langfuse
