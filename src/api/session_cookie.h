#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace regesta::api {

/// "Session <secret>" from the request's cookie; nothing when there is none. Throws Error{denied} when a page of
/// another origin sends it along with a call that changes something: the cookie is SameSite=Strict, this is the second
/// lock.
std::optional<std::string> sessionCredentials(const http::Request& request);
/// The secret itself, for whoever ends the session.
std::optional<std::string> sessionSecret(const http::Request& request);
/// The Set-Cookie value. An empty secret tells the browser to forget it.
std::string sessionCookie(const http::Request& request, const std::string& secret, std::int64_t seconds);
/// What the browser calls itself; empty when it does not.
std::string_view agentOf(const http::Request& request);

/// A cookie's value as the browser sends it; nothing when there is none of the name.
std::optional<std::string> cookieOf(const http::Request& request, std::string_view name);
/// The Set-Cookie value of what a sign-in leaves with the browser on its way: sent to the sign-in routes alone, and
/// also when another site sends the browser back there (SameSite=Lax).
std::string signInCookie(const http::Request& request, std::string_view name, const std::string& value,
                         std::int64_t seconds);

}  // namespace regesta::api
