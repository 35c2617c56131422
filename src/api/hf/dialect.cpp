#include "api/hf/dialect.h"

#include "base/text.h"

namespace regesta::api::hf {
namespace {

constexpr std::size_t headerLength = 2000;

/// A message as a header can have it: one line of ASCII.
std::string headerText(std::string_view message) {
  std::string text;
  for (char c : shorten(message, headerLength)) {
    if (c == '\n')
      text += text.ends_with(':') ? " " : "; ";
    else
      text += c >= ' ' && c < 0x7F ? c : '?';
  }
  return text;
}

std::string_view wordOf(const Error& error) {
  if (auto* hub = dynamic_cast<const HubError*>(&error)) return hub->word;
  return {};
}

int statusOf(const Error& error) { return wordOf(error) == parentChanged ? 412 : httpStatus(error.code); }

/// huggingface_hub takes a 401 for a missing repository, except with this message.
constexpr std::string_view badCredentials = "Invalid credentials in Authorization header";

http::Response renderError(const http::Request& request, const Error& error) {
  http::Response response = errorHead(error, statusOf(error), "Bearer");
  std::string message = error.message;
  if (error.code == Code::unauthenticated && request.headers.get("Authorization"))
    response.headers.set("X-Error-Message", std::string(badCredentials));
  else
    response.headers.set("X-Error-Message", headerText(message));
  if (std::string_view word = wordOf(error); !word.empty()) response.headers.set("X-Error-Code", std::string(word));
  if (auto* hub = dynamic_cast<const HubError*>(&error); hub && !hub->commit.empty())
    response.headers.set("X-Repo-Commit", hub->commit);
  if (!request.id.empty()) response.headers.set("X-Request-Id", request.id);
  JsonWriter(response.body).object().key("error").text(message).end();
  return response;
}

}  // namespace

const Dialect& dialect() {
  static const Dialect hub{.name = "hf", .manner = {}, .renderError = renderError};
  return hub;
}

}  // namespace regesta::api::hf
