#pragma once
#include "access/access.h"
#include "base/config.h"
#include "base/log.h"
#include "http/server.h"
#include "policy/engine.h"
#include "server/address.h"

/// The settings of the server's own parts as typed values. Each throws Error{invalid} that names the setting.
namespace regesta::server {

LogLevel logLevelOf(const Config& config);
http::ServerOptions httpOptions(const Config& config, const Address& address);
policy::Options policyOptions(const Config& config);
access::SessionLimits sessionLimits(const Config& config);
std::int64_t slowStatementMillis(const Config& config);
/// A setting of hours that may be 0, in milliseconds.
std::int64_t hoursOf(const Config& config, std::string_view key);
/// Of 1,000,000,000 bytes for a month.
double storagePrice(const Config& config);

}  // namespace regesta::server
