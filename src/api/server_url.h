#pragma once
#include <string>

#include "api/core.h"
#include "http/message.h"

namespace regesta::api {

/// The server's address as the client of a request reaches it, for addresses in answers: "https://regesta.example.org".
inline std::string serverUrl(const Core& core, const http::Request& request) {
  auto host = request.headers.get("Host");
  return host ? fmt::format("{}://{}", request.secure ? "https" : "http", *host) : core.publicUrl;
}

}  // namespace regesta::api
