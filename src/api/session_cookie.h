#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace regesta::api {

/// "Session <secret>" from the request's cookie; empty if there is none. Pages of other origins cannot send
/// it: it is SameSite=Strict, and api/origin.h refuses their requests before routing.
std::optional<std::string> sessionCredentials(const http::Request& request);
/// The secret, for ending the session.
std::optional<std::string> sessionSecret(const http::Request& request);
/// The Set-Cookie value. An empty secret deletes the cookie.
std::string sessionCookie(const http::Request& request, const std::string& secret, std::int64_t seconds);
/// The request's User-Agent; may be empty.
std::string_view agentOf(const http::Request& request);

/// A cookie's value; empty if there is none of the name.
std::optional<std::string> cookieOf(const http::Request& request, std::string_view name);
/// The Set-Cookie value of a pending sign-in; also sent after a redirect from another site (SameSite=Lax). Over TLS it
/// is a "__Host-" cookie with path /; otherwise only for the sign-in routes.
std::string signInCookie(const http::Request& request, std::string_view name, const std::string& value,
                         std::int64_t seconds);
/// The value of signInCookie().
std::optional<std::string> signInCookieOf(const http::Request& request, std::string_view name);

}  // namespace regesta::api
