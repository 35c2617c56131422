#pragma once
#include <cstdint>
#include <optional>
#include <string>

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

}  // namespace regesta::api
