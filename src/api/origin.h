#pragma once
#include <functional>
#include <string>
#include <vector>

#include "http/message.h"
#include "http/network.h"

namespace regesta::api {

/// Allowed origins of requests; checked for every request before routing (http::ServerOptions::guard).
struct OriginRules {
  std::string publicUrl;                      ///< the server's public URL; empty: only its address
  std::vector<http::IpRange> trustedProxies;  ///< whose X-Forwarded-For, -Proto and -Host are trusted
  /// False: a server without users, which treats every caller as its owner. It accepts only names of this machine and
  /// its own pages.
  std::function<bool()> asksForCredentials;
  /// Whether pages of other origins may call a path (Dialect::otherOrigins).
  std::function<bool(std::string_view path)> takesOtherOrigins;
};

/// Thread-safe.
class OriginGuard {
 public:
  explicit OriginGuard(OriginRules rules);
  /// Corrects request.remote and request.secure from a trusted proxy's headers. Throws Error{denied} for
  /// - a Host that is not this machine's on a server without users, against DNS rebinding (a word without a dot passes
  /// if
  ///   no browser can have sent the request);
  /// - requests that a page of another origin makes a browser send, with a cookie or cached Basic credentials or, on a
  ///   server without users, with none: everything except navigation.
  void check(http::Request& request) const;

 private:
  void applyForwardedHeaders(http::Request& request, std::string& host) const;
  void requireOwnName(std::string_view host) const;
  bool isOwnOrigin(std::string_view origin, std::string_view host) const;

  OriginRules rules_;
  std::string publicHost_;  ///< with its port, as browsers send it
  bool publicSecure_ = false;
};

/// Reads the setting trusted-proxies: addresses and networks, separated by commas or spaces. Throws Error{invalid}.
std::vector<http::IpRange> readProxies(std::string_view setting);

/// True for an origin on this machine, with any port.
bool isLoopbackOrigin(std::string_view origin);

}  // namespace regesta::api
