#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

struct sockaddr;

namespace regesta::http {

/// An IP address; IPv4 as ::ffff:a.b.c.d, so that one comparison serves both.
using IpAddress = std::array<std::uint8_t, 16>;

/// Reads "10.1.2.3", "fd00::1" or "[fd00::1]", and no other spelling.
std::optional<IpAddress> parseIp(std::string_view text);
/// Empty for a family that is not IP.
std::optional<IpAddress> ipOf(const sockaddr& address);

struct IpRange {
  IpAddress base{};
  int bits = 128;
  bool contains(const IpAddress& address) const;
};
/// Reads "10.1.0.0/16", "fd00::/8" or one address.
std::optional<IpRange> parseIpRange(std::string_view text);
bool containsIp(const std::vector<IpRange>& ranges, const IpAddress& address);

bool isLoopback(const IpAddress& address);
/// False for what is not on the public internet: loopback, private, link-local (cloud metadata), shared, benchmark,
/// documentation, multicast, reserved, unspecified; also for an IPv6 address that carries such an IPv4 one (mapped,
/// compatible, NAT64, 6to4, Teredo).
bool isPublicAddress(const IpAddress& address);

/// The host of "host", "host:port", "[::1]:port"; brackets stay.
std::string_view hostWithoutPort(std::string_view hostAndPort);
/// True for "localhost" and addresses of loopback: what a browser can only mean this machine by.
bool isLoopbackHost(std::string_view host);

}  // namespace regesta::http
