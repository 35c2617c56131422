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

}  // namespace regesta::server
