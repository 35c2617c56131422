#pragma once
#include <string>
#include <string_view>

#include "base/json.h"

namespace regesta {

enum class LogLevel { debug, info, warn, error };

/// One JSON line on stderr: {"time","level","message",…fields}. Thread-safe; a line is written whole.
void log(LogLevel level, std::string_view message, const json::object& fields = {});
/// Lines below `level` are dropped. Default info; the command line's client commands set warn.
void setLogLevel(LogLevel level);

}  // namespace regesta
