#include "access/oidc/options.h"

#include <algorithm>

#include "access/grants.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace regesta::access::oidc {
namespace {

constexpr std::size_t secretFileBytes = 4096;

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  for (std::string_view word : split(text, ' '))
    if (!trim(word).empty()) found.push_back(trim(word));
  return found;
}

GroupGrant parseRole(std::string_view line, const std::string& field) {
  // Groups of a directory are called "cn=risk,ou=groups": the last sign divides.
  std::size_t sign = line.rfind('=');
  std::string_view group = sign == std::string_view::npos ? std::string_view() : trim(line.substr(0, sign));
  if (group.empty()) throw Invalid(field, "must read \"GROUP = ROLE[:WORKSPACE[:PATTERN]]\"");
  std::vector<std::string> parts;
  std::string_view rest = trim(line.substr(sign + 1));
  while (parts.size() < 2 && rest.find(':') != std::string_view::npos) {
    parts.emplace_back(rest.substr(0, rest.find(':')));
    rest = rest.substr(rest.find(':') + 1);
  }
  parts.emplace_back(rest);
  parts.resize(3);
  GroupGrant read{std::string(group), {parts[0], parts[1], parts[2]}};
  checkGrant(read.grant, field);
  return read;
}

std::string secretOf(const Config& config) {
  const std::string& file = config.text("oidc.client-secret-file");
  const std::string& secret = config.text("oidc.client-secret");
  if (file.empty()) return secret;
  if (!secret.empty()) throw Invalid("oidc.client-secret-file", "must not be set together with oidc.client-secret");
  auto content = file::readFile(file, secretFileBytes);
  if (!content) throw Invalid("oidc.client-secret-file", fmt::format("names {}, which does not exist", file));
  return std::string(trim(*content));
}

std::string needed(const Config& config, std::string_view key) {
  std::string value(trim(config.text(key)));
  if (value.empty()) throw Invalid(std::string(key), "is required with oidc.issuer");
  return value;
}

}  // namespace

bool isSafeAddress(std::string_view url) {
  bool secure = url.starts_with("https://");
  if (!secure && !url.starts_with("http://")) return false;
  std::string_view rest = url.substr(url.find("://") + 3);
  std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  bool plain = std::ranges::all_of(url, [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
  if (!plain || host.empty() || host.find('@') != std::string_view::npos) return false;
  if (secure) return true;
  std::size_t port = host.rfind(':');
  if (port != std::string_view::npos && host.find(']', port) == std::string_view::npos) host = host.substr(0, port);
  bool dotted = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "[::1]" || (dotted && host.starts_with("127."));
}

std::vector<GroupGrant> parseRoles(std::string_view text) {
  std::vector<GroupGrant> roles;
  std::string lines(text);
  std::ranges::replace(lines, ';', '\n');
  for (std::string_view line : split(lines, '\n'))
    if (!trim(line).empty()) roles.push_back(parseRole(trim(line), fmt::format("oidc.roles[{}]", roles.size())));
  return roles;
}

std::optional<Options> readOptions(const Config& config) {
  Options options;
  options.issuer = trim(config.text("oidc.issuer"));
  if (options.issuer.empty()) return std::nullopt;
  if (!isSafeAddress(options.issuer) || options.issuer.find_first_of("?#") != std::string::npos)
    throw Invalid("oidc.issuer", "must be an https address (http only for a provider on this machine)");
  options.clientId = needed(config, "oidc.client-id");
  options.clientSecret = secretOf(config);
  options.scopes = trim(config.text("oidc.scopes"));
  std::vector<std::string_view> scopes = words(options.scopes);
  if (std::ranges::find(scopes, "openid") == scopes.end()) throw Invalid("oidc.scopes", "must contain \"openid\"");
  options.label = needed(config, "oidc.label");
  options.nameClaim = needed(config, "oidc.name-claim");
  options.groupsClaim = needed(config, "oidc.groups-claim");
  options.roles = parseRoles(config.text("oidc.roles"));
  options.createUsers = config.flag("oidc.create-users");
  options.caFile = config.text("oidc.ca-file");
  return options;
}

}  // namespace regesta::access::oidc
