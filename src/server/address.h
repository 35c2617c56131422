#pragma once
#include <cstdint>
#include <string>

namespace regesta::server {

/// An address to listen on.
struct Address {
  std::string host;
  std::uint16_t port = 0;
  bool loopback() const {
    return host == "127.0.0.1" || host == "localhost" || host == "::1" || host.starts_with("127.");
  }
};
/// HOST:PORT, with an IPv6 address in brackets. Throws Error{invalid}.
Address parseAddress(const std::string& text);

/// Throws Error{invalid} unless the setting db is the URL of a PostgreSQL database, or empty for SQLite. Called before
/// anything is created.
void requireDatabaseUrl(const std::string& url);

}  // namespace regesta::server
