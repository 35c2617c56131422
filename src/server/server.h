#pragma once
#include "base/config.h"

namespace regesta::server {

/// Opens the data directory, recovers, listens, prints one line with the URL, and serves until SIGTERM or SIGINT, then
/// drains. Returns the process's exit code. Throws Error with the next step if it cannot start.
int serve(const Config& config);

/// Checks a data directory without starting a server, for `regesta doctor`.
struct Finding {
  enum class Level { ok, note, warning, problem } level;
  std::string subject, message, remediation;
};
std::vector<Finding> examine(const Config& config);

}  // namespace regesta::server
