#include "api/session_cookie.h"

#include "base/text.h"

namespace regesta::api {
namespace {

/// A browser keeps a "__Host-" cookie only from TLS, for this host alone and all of its paths: no neighbour can set
/// one.
std::string nameFor(const http::Request& request, std::string_view name) {
  return fmt::format("{}{}", request.secure ? "__Host-" : "", name);
}

constexpr std::string_view sessionName = "regesta_session";

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

std::optional<std::string> sessionSecret(const http::Request& request) {
  return cookieOf(request, nameFor(request, sessionName));
}

std::optional<std::string> sessionCredentials(const http::Request& request) {
  std::optional<std::string> secret = sessionSecret(request);
  if (!secret || secret->empty()) return std::nullopt;
  return "Session " + *secret;
}

std::string sessionCookie(const http::Request& request, const std::string& secret, std::int64_t seconds) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", nameFor(request, sessionName), secret,
                     seconds, request.secure ? "; Secure" : "");
}

std::string signInCookie(const http::Request& request, std::string_view name, const std::string& value,
                         std::int64_t seconds) {
  return fmt::format("{}={}; Path={}; Max-Age={}; HttpOnly; SameSite=Lax{}", nameFor(request, name), value,
                     request.secure ? "/" : "/api/v1/session", seconds, request.secure ? "; Secure" : "");
}

std::optional<std::string> signInCookieOf(const http::Request& request, std::string_view name) {
  return cookieOf(request, nameFor(request, name));
}

}  // namespace regesta::api
