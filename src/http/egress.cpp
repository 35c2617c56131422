#include "http/egress.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace regesta::http {
namespace {

struct Target {
  std::string_view host;
  int port = 0;
};

/// Of "host", "host:port", "[::1]:port"; nothing for a port that is none.
std::optional<Target> targetOf(std::string_view text, int otherwise) {
  Target target{hostWithoutPort(text), otherwise};
  std::string_view rest = text.substr(target.host.size());
  if (rest.empty()) return target;
  auto port = rest.starts_with(':') ? parseInteger(rest.substr(1)) : std::nullopt;
  if (!port || *port < 1 || *port > 65535) return std::nullopt;
  target.port = static_cast<int>(*port);
  return target;
}

bool isName(std::string_view host) {
  return !host.empty() && host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
                              std::string_view::npos;
}

}  // namespace

Egress::Egress(std::string_view allow) {
  std::string list(allow);
  std::ranges::replace(list, ' ', ',');
  for (std::string_view part : split(list, ',')) {
    if (part.empty()) continue;
    if (auto range = parseIpRange(part)) {
      ranges_.push_back(*range);
      continue;
    }
    auto target = targetOf(part, 0);
    if (!target || (!isName(target->host) && !parseIp(target->host)))
      throw error(Code::invalid, "webhooks.allow: '{}' is not a network, an address, HOST:PORT or HOST", part);
    names_.push_back({lower(target->host), target->port});
  }
}

bool Egress::allows(std::string_view host, int port, const IpAddress& address) const {
  if (isPublicAddress(address) || containsIp(ranges_, address)) return true;
  if (ownerOnly_ && isLoopback(address) && ownerOnly_()) return true;
  return std::ranges::any_of(names_, [&](const Name& name) {
    return equalsIgnoreCase(name.host, host) && (name.port == 0 || name.port == port);
  });
}

bool Egress::mayAllow(std::string_view url) const {
  std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  std::string_view authority = url.substr(scheme + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  auto target = targetOf(authority, lower(url.substr(0, scheme)) == "https" ? 443 : 80);
  if (!target) return false;
  if (equalsIgnoreCase(target->host, "localhost")) return allows(target->host, target->port, *parseIp("127.0.0.1"));
  auto address = parseIp(target->host);
  return !address || allows(target->host, target->port, *address);
}

}  // namespace regesta::http
