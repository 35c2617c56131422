#include "api/origin.h"

#include "base/error.h"
#include "base/text.h"

namespace regesta::api {
namespace {

/// The part of the request head that says who made the browser send it. One walk over the headers.
struct Signs {
  std::string_view host, origin, site, mode, destination, type, agent, forwardedFor, forwardedProto, forwardedHost;
  bool hasOrigin = false;
  bool browser = false;  ///< has a header that every browser sends and no page can leave out

  explicit Signs(const http::Request& request) {
    for (const auto& [name, value] : request.headers.all()) {
      switch (name.size()) {
        case 4:
          if (equalsIgnoreCase(name, "Host")) host = value;
          break;
        case 6:
          if (equalsIgnoreCase(name, "Origin")) origin = value, hasOrigin = true;
          break;
        case 10:
          if (equalsIgnoreCase(name, "User-Agent")) agent = value, browser = true;
          break;
        case 12:
          if (equalsIgnoreCase(name, "Content-Type")) type = value;
          break;
        case 14:
          if (equalsIgnoreCase(name, "Sec-Fetch-Site")) site = value;
          if (equalsIgnoreCase(name, "Sec-Fetch-Mode")) mode = value;
          if (equalsIgnoreCase(name, "Sec-Fetch-Dest")) destination = value;
          break;
        case 15:
          browser |= equalsIgnoreCase(name, "Accept-Language");
          if (equalsIgnoreCase(name, "X-Forwarded-For")) forwardedFor = value;
          break;
        case 16:
          if (equalsIgnoreCase(name, "X-Forwarded-Host")) forwardedHost = value;
          break;
        case 17:
          if (equalsIgnoreCase(name, "X-Forwarded-Proto")) forwardedProto = value;
          break;
        default:
          break;
      }
    }
  }
};

bool isSafe(std::string_view method) { return method == "GET" || method == "HEAD"; }

/// A media type that a page may send elsewhere without asking first.
bool isSimpleType(std::string_view type) {
  std::string_view media = trim(type.substr(0, type.find(';')));
  return equalsIgnoreCase(media, "text/plain") || equalsIgnoreCase(media, "multipart/form-data") ||
         equalsIgnoreCase(media, "application/x-www-form-urlencoded");
}

std::string_view hostOf(std::string_view url) {
  std::size_t scheme = url.find("://");
  std::string_view rest = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  return rest.substr(0, rest.find_first_of("/?#"));
}

/// "localhost:8080", "[::1]": a loopback host, alone or with a port and nothing else.
bool isLoopbackAuthority(std::string_view authority) {
  std::string_view host = http::hostWithoutPort(authority), rest = authority.substr(host.size());
  constexpr std::size_t digits = 5;
  bool port = rest.starts_with(':') && rest.size() <= digits + 1 &&
              rest.find_first_not_of("0123456789", 1) == std::string_view::npos;
  return (rest.empty() || port) && http::isLoopbackHost(host);
}

std::string_view lastOf(std::string_view list) {
  std::size_t comma = list.rfind(',');
  return trim(comma == std::string_view::npos ? list : list.substr(comma + 1));
}

[[noreturn]] void refusePage(const Signs& signs) {
  throw error(Code::denied,
              "a page of another origin ({}) may not call this server; call it from its own pages, or from a program",
              signs.hasOrigin && isUtf8(signs.origin) ? shorten(signs.origin, 100) : "not named");
}

}  // namespace

OriginGuard::OriginGuard(OriginRules rules)
    : rules_(std::move(rules)),
      publicHost_(lower(hostOf(rules_.publicUrl))),
      publicSecure_(rules_.publicUrl.starts_with("https://")) {}

void OriginGuard::applyForwardedHeaders(http::Request& request, std::string& host) const {
  auto peer = http::parseIp(request.remote);
  if (!peer || !http::containsIp(rules_.trustedProxies, *peer)) return;
  Signs signs(request);
  if (equalsIgnoreCase(lastOf(signs.forwardedProto), "https")) request.secure = true;
  if (!signs.forwardedHost.empty()) host = lastOf(signs.forwardedHost);
  // From the right: each trusted proxy vouches for the address that it saw.
  for (std::string_view rest = signs.forwardedFor; !rest.empty();) {
    std::string_view hop = lastOf(rest);
    auto address = http::parseIp(hop);
    if (!address) break;
    request.remote = hop;
    std::size_t comma = rest.rfind(',');
    if (comma == std::string_view::npos || !http::containsIp(rules_.trustedProxies, *address)) break;
    rest = rest.substr(0, comma);
  }
}

void OriginGuard::requireOwnName(std::string_view host) const {
  if (host.empty() || isLoopbackAuthority(host)) return;  // HTTP/1.0 has no Host; browsers do
  if (!publicHost_.empty() && equalsIgnoreCase(host, publicHost_)) return;
  throw error(Code::denied,
              "while nobody signs in here, only requests to localhost, 127.0.0.1 and [::1] are answered, not to host "
              "'{}'; create a user, or set public-url",
              isUtf8(host) ? shorten(host, 100) : "?");
}

bool OriginGuard::isOwnOrigin(std::string_view origin, std::string_view host) const {
  if (origin.find("://") == std::string_view::npos) return false;  // "null": an opaque origin
  std::string_view from = hostOf(origin);
  return equalsIgnoreCase(from, host) || (!publicHost_.empty() && equalsIgnoreCase(from, publicHost_));
}

void OriginGuard::check(http::Request& request) const {
  Signs signs(request);
  std::string forwarded;
  if (!rules_.trustedProxies.empty()) applyForwardedHeaders(request, forwarded);
  if (publicSecure_) request.secure = true;
  bool users = rules_.asksForCredentials();
  std::string_view host = !forwarded.empty() ? std::string_view(forwarded) : signs.host;
  if (!users) {
    // A word without a dot cannot be a rebound DNS name; some programs send one.
    bool word = host.find('.') == std::string_view::npos && host.find(':') == std::string_view::npos;
    if (!word || signs.browser || signs.hasOrigin || !signs.site.empty()) requireOwnName(host);
    requireOwnName(request.authority);
  }
  bool sameSite = signs.site == "same-origin" || signs.site == "none";
  bool otherPage;
  if (!signs.site.empty() && !sameSite)
    otherPage = true;
  else if (signs.hasOrigin)
    // The browser's own word is enough where people sign in: a proxy may have changed Host.
    otherPage = !(users && sameSite) && !isOwnOrigin(signs.origin, host);
  else
    otherPage = signs.site.empty() && !isSafe(request.method) && signs.agent.starts_with("Mozilla/") &&
                (signs.type.empty() || isSimpleType(signs.type));
  if (!otherPage) return;
  bool followsLink = isSafe(request.method) && signs.mode == "navigate" && signs.destination == "document";
  if (followsLink) return;
  // A front for other origins takes what the browser asked about before (CORS): never a form's POST, which may carry
  // cached credentials.
  bool asked = request.method != "POST" || !(signs.type.empty() || isSimpleType(signs.type));
  bool neighbour = signs.hasOrigin && isLoopbackOrigin(signs.origin);
  if (rules_.takesOtherOrigins(request.rawPath) && asked && (users || neighbour)) return;
  refusePage(signs);
}

std::vector<http::IpRange> readProxies(std::string_view setting) {
  std::vector<http::IpRange> ranges;
  std::string text(setting);
  std::ranges::replace(text, ' ', ',');
  for (std::string_view part : split(text, ',')) {
    if (part.empty()) continue;
    auto range = http::parseIpRange(part);
    if (!range)
      throw error(Code::invalid, "trusted-proxies: '{}' is not an address or a network like 10.0.0.0/8", part);
    ranges.push_back(*range);
  }
  return ranges;
}

bool isLoopbackOrigin(std::string_view origin) {
  return origin.find("://") != std::string_view::npos && isLoopbackAuthority(hostOf(origin));
}

}  // namespace regesta::api
