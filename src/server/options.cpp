#include "server/options.h"

#include <algorithm>

#include "base/error.h"

namespace regesta::server {

LogLevel logLevelOf(const Config& config) {
  const std::string& name = config.text("log-level");
  if (name == "debug") return LogLevel::debug;
  if (name == "info") return LogLevel::info;
  if (name == "warn") return LogLevel::warn;
  if (name == "error") return LogLevel::error;
  throw error(Code::invalid, "log-level must be debug, info, warn or error, got \"{}\"", name);
}

http::ServerOptions httpOptions(const Config& config, const Address& address) {
  http::ServerOptions options;
  options.host = address.host;
  options.port = address.port;
  options.ioThreads = static_cast<std::size_t>(config.integer("threads"));
  options.waitingThreads = static_cast<std::size_t>(config.integer("waiting-threads"));
  options.certificateFile = config.text("tls.certificate");
  options.keyFile = config.text("tls.key");
  if (options.certificateFile.empty() != options.keyFile.empty())
    throw Error(Code::invalid, "tls.certificate and tls.key belong together: set both or neither");
  options.accessLog = config.text("access-log");
  auto count = [&](std::string_view key) {
    return static_cast<std::size_t>(std::max<std::int64_t>(config.integer(key), 0));
  };
  options.bytesPerDay = count("quota.bytes-per-day");
  options.streamsPerCaller = count("quota.streams");
  options.transfersPerCaller = count("quota.uploads");
  options.connectionsPerAddress = count("quota.connections-per-address");
  options.requestsPerCaller = count("quota.requests");
  return options;
}

policy::Options policyOptions(const Config& config) {
  policy::Options options;
  options.workers = static_cast<int>(config.integer("policy.workers"));
  return options;
}

access::SessionLimits sessionLimits(const Config& config) {
  constexpr std::int64_t minute = 60'000, hour = 60 * minute, mostHours = 24 * 30;
  return {.idleMillis = config.integer("session.idle-minutes", 0, mostHours * 60) * minute,
          .longestMillis = config.integer("session.hours", 1, mostHours) * hour};
}

std::int64_t slowStatementMillis(const Config& config) {
  constexpr std::int64_t longest = 3'600'000;
  return config.integer("slow-statement-millis", 0, longest);
}

std::int64_t hoursOf(const Config& config, std::string_view key) {
  constexpr std::int64_t hour = 3'600'000, most = 24 * 366;
  return config.integer(key, 0, most) * hour;
}

double storagePrice(const Config& config) { return config.real("usage.price-per-gb-month", 0, 1e9); }

}  // namespace regesta::server
