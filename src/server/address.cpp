#include "server/address.h"

#include "base/error.h"
#include "base/text.h"

namespace regesta::server {

Address parseAddress(const std::string& text) {
  std::size_t colon = text.rfind(':');
  auto port = colon == std::string::npos ? std::nullopt : parseInteger(std::string_view(text).substr(colon + 1));
  if (!port || *port < 0 || *port > 65535 || colon == 0)
    throw error(Code::invalid, "listen must be HOST:PORT, for example 127.0.0.1:4600, got \"{}\"", text);
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {host, static_cast<std::uint16_t>(*port)};
}

void requireDatabaseUrl(const std::string& url) {
  if (url.empty() || url.starts_with("postgres://") || url.starts_with("postgresql://")) return;
  std::size_t colon = url.find("://");
  // Only the scheme: the rest may hold a password.
  throw error(Code::invalid,
              "db must be the URL of a PostgreSQL database, postgres://USER@HOST/DATABASE, or empty for SQLite in the "
              "data directory{}",
              colon == std::string::npos ? "" : fmt::format(", not {}://…", shorten(url.substr(0, colon), 30)));
}

}  // namespace regesta::server
