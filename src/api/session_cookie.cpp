#include "api/session_cookie.h"

#include "base/error.h"
#include "base/text.h"

namespace regesta::api {
namespace {

constexpr std::string_view cookieName = "regesta_session";

bool changes(const http::Request& request) {
  return request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS";
}

/// Browsers say where a request comes from; programs that keep cookies say nothing of the kind and are no browsers.
bool fromAnotherOrigin(const http::Request& request) {
  if (auto site = request.headers.get("Sec-Fetch-Site")) return *site != "same-origin" && *site != "none";
  auto origin = request.headers.get("Origin");
  if (!origin) return false;
  std::size_t scheme = origin->find("://");
  std::string_view host = scheme == std::string_view::npos ? *origin : origin->substr(scheme + 3);
  return host != request.headers.get("Host").value_or("");
}

}  // namespace

std::optional<std::string> cookieOf(const http::Request& request, std::string_view name) {
  auto header = request.headers.get("Cookie");
  std::string_view rest = header.value_or("");
  while (!rest.empty()) {
    std::size_t end = rest.find(';');
    std::string_view pair = trim(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
      return std::string(pair.substr(name.size() + 1));
  }
  return std::nullopt;
}

std::string_view agentOf(const http::Request& request) { return request.headers.get("User-Agent").value_or(""); }

std::optional<std::string> sessionSecret(const http::Request& request) { return cookieOf(request, cookieName); }

std::optional<std::string> sessionCredentials(const http::Request& request) {
  std::optional<std::string> secret = sessionSecret(request);
  if (!secret || secret->empty()) return std::nullopt;
  if (changes(request) && fromAnotherOrigin(request))
    throw Error(Code::denied, "a page of another origin may not act in this session");
  return "Session " + *secret;
}

std::string sessionCookie(const http::Request& request, const std::string& secret, std::int64_t seconds) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", cookieName, secret, seconds,
                     request.secure ? "; Secure" : "");
}

std::string signInCookie(const http::Request& request, std::string_view name, const std::string& value,
                         std::int64_t seconds) {
  return fmt::format("{}={}; Path=/api/v1/session; Max-Age={}; HttpOnly; SameSite=Lax{}", name, value, seconds,
                     request.secure ? "; Secure" : "");
}

}  // namespace regesta::api
