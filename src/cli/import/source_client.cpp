#include "cli/import/source_client.h"

#include <cstdlib>

#include "base/encoding.h"
#include "base/error.h"
#include "base/redact.h"
#include "base/text.h"
#include "base/time.h"

namespace regesta::cli {
namespace {

constexpr int secondsPerCall = 300;

Code codeOf(int status) {
  if (status == 404) return Code::notFound;
  return status >= 500 ? Code::unavailable : Code::invalid;
}

}  // namespace

SourceClient::SourceClient(std::string url, std::string authorization, std::string kind)
    : url_(std::move(url)), authorization_(std::move(authorization)), kind_(std::move(kind)) {
  while (url_.ends_with('/')) url_.pop_back();
}

std::string SourceClient::origin() const { return redactUrl(url_); }

http::ClientRequest SourceClient::request(std::string method, const std::string& path, const Query& query) const {
  http::ClientRequest request;
  request.method = std::move(method);
  request.url = url_ + path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    request.url += fmt::format("{}{}={}", separator, name, percentEncode(value));
    separator = '&';
  }
  request.timeoutSeconds = secondsPerCall;
  if (!authorization_.empty()) request.headers.add("Authorization", authorization_);
  return request;
}

json::object SourceClient::call(const http::ClientRequest& request) {
  http::Response response = client_.send(request);
  if (response.status >= 400)
    throw error(codeOf(response.status), "{} answered {} to {}: {}", origin(), response.status, request.method,
                shorten(trim(response.body), 200));
  json::value value = response.body.empty() ? json::object() : parseJson(response.body);
  if (!value.is_object()) throw error(Code::invalid, "{} does not answer like {}", origin(), kind_);
  return std::move(value.get_object());
}

json::object SourceClient::get(const std::string& path, const Query& query) {
  return call(request("GET", path, query));
}

json::object SourceClient::post(const std::string& path, const json::object& body) {
  http::ClientRequest made = request("POST", path);
  made.headers.add("Content-Type", "application/json");
  made.body = json::serialize(body);
  return call(made);
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::int64_t numberOf(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  if (!found) return 0;
  if (found->is_string()) return parseInteger(found->get_string()).value_or(0);
  return found->is_double() ? static_cast<std::int64_t>(found->get_double()) : memberInteger(object, name);
}

std::int64_t millisOf(const std::string& time) { return parseTime(time).value_or(0); }

}  // namespace regesta::cli
