#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/network.h"

namespace regesta::http {

/// Allowed addresses of requests to URLs that clients choose. By default only the public internet: what stands
/// beside the server (loopback, private networks, cloud metadata) trusts it. Checked for each connection, after DNS.
class Egress {
 public:
  Egress() = default;
  /// The setting webhooks.allow: networks and addresses ("10.1.2.0/24"), HOST:PORT or HOST, separated by commas or
  /// blanks. Throws Error{invalid} that names the part.
  explicit Egress(std::string_view allow);

  /// Also this machine, while `ownerOnly` is true: only the owner of the machine calls the server.
  Egress& allowLoopbackWhile(std::function<bool()> ownerOnly) {
    ownerOnly_ = std::move(ownerOnly);
    return *this;
  }

  /// `host` and `port` as the URL has them, `address` as DNS answered.
  bool allows(std::string_view host, int port, const IpAddress& address) const;
  /// False for a URL whose host is an address that no connection may go to; true when only DNS can tell.
  bool mayAllow(std::string_view url) const;

 private:
  struct Name {
    std::string host;
    int port = 0;  ///< 0: any
  };
  std::vector<IpRange> ranges_;
  std::vector<Name> names_;
  std::function<bool()> ownerOnly_;
};

}  // namespace regesta::http
