#include "http/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/text.h"

namespace regesta::http {
namespace {

constexpr std::size_t longestAddress = INET6_ADDRSTRLEN;
constexpr int mappedBits = 96;

IpAddress mapped(const void* four) {
  IpAddress address{};
  address[10] = address[11] = 0xff;
  std::memcpy(address.data() + 12, four, 4);
  return address;
}

std::vector<IpRange> ranges(std::initializer_list<std::string_view> texts) {
  std::vector<IpRange> all;
  for (std::string_view text : texts) all.push_back(parseIpRange(text).value());
  return all;
}

/// IANA's special-purpose registries, without what is reachable from everywhere.
const std::vector<IpRange>& specialRanges() {
  static const std::vector<IpRange> all = ranges(
      {"0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
       "192.0.0.0/24",   "192.0.2.0/24",  "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",  "198.51.100.0/24",
       "203.0.113.0/24", "224.0.0.0/4",   "240.0.0.0/4",    "::/96",          "64:ff9b:1::/48", "100::/64",
       "2001::/23",      "2001:db8::/32", "3fff::/20",      "5f00::/16",      "fc00::/7",       "fe80::/10",
       "fec0::/10",      "ff00::/8"});
  return all;
}

/// Where an IPv6 address carries an IPv4 one that a gateway would reach: its first byte; -1: nowhere.
int embeddedAt(const IpAddress& address) {
  static const IpRange nat64 = parseIpRange("64:ff9b::/96").value(), sixToFour = parseIpRange("2002::/16").value();
  if (nat64.contains(address)) return 12;
  if (sixToFour.contains(address)) return 2;
  return -1;
}

}  // namespace

std::optional<IpAddress> parseIp(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  if (text.empty() || text.size() > longestAddress) return std::nullopt;
  std::string whole(text);
  in_addr four{};
  if (::inet_pton(AF_INET, whole.c_str(), &four) == 1) return mapped(&four);
  IpAddress six{};
  if (::inet_pton(AF_INET6, whole.c_str(), six.data()) == 1) return six;
  return std::nullopt;
}

std::optional<IpAddress> ipOf(const sockaddr& address) {
  if (address.sa_family == AF_INET) return mapped(&reinterpret_cast<const sockaddr_in&>(address).sin_addr);
  if (address.sa_family != AF_INET6) return std::nullopt;
  IpAddress six{};
  std::memcpy(six.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, six.size());
  return six;
}

bool IpRange::contains(const IpAddress& address) const {
  int whole = bits / 8, rest = bits % 8;
  if (std::memcmp(base.data(), address.data(), static_cast<std::size_t>(whole)) != 0) return false;
  if (rest == 0) return true;
  auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
  auto at = static_cast<std::size_t>(whole);
  return (base[at] & mask) == (address[at] & mask);
}

std::optional<IpRange> parseIpRange(std::string_view text) {
  std::size_t slash = text.find('/');
  auto base = parseIp(text.substr(0, slash));
  if (!base) return std::nullopt;
  if (slash == std::string_view::npos) return IpRange{*base, 128};
  auto bits = parseInteger(text.substr(slash + 1));
  bool four = text.substr(0, slash).find(':') == std::string_view::npos;
  if (!bits || *bits < 0 || *bits > (four ? 32 : 128)) return std::nullopt;
  return IpRange{*base, static_cast<int>(*bits) + (four ? mappedBits : 0)};
}

bool containsIp(const std::vector<IpRange>& ranges, const IpAddress& address) {
  return std::ranges::any_of(ranges, [&](const IpRange& range) { return range.contains(address); });
}

bool isLoopback(const IpAddress& address) {
  static const IpRange four = parseIpRange("127.0.0.0/8").value(), six = parseIpRange("::1").value();
  return four.contains(address) || six.contains(address);
}

bool isPublicAddress(const IpAddress& address) {
  if (containsIp(specialRanges(), address)) return false;
  int at = embeddedAt(address);
  return at < 0 || isPublicAddress(mapped(address.data() + at));
}

std::string_view hostWithoutPort(std::string_view hostAndPort) {
  std::size_t end = hostAndPort.starts_with('[') ? hostAndPort.find(']') : hostAndPort.find(':');
  if (end == std::string_view::npos) return hostAndPort;
  return hostAndPort.substr(0, hostAndPort.starts_with('[') ? end + 1 : end);
}

bool isLoopbackHost(std::string_view host) {
  if (equalsIgnoreCase(host, "localhost")) return true;
  if (host.find(':') != std::string_view::npos && !host.starts_with('[')) return false;
  auto address = parseIp(host);
  return address && isLoopback(*address);
}

}  // namespace regesta::http
