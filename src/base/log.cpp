#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "base/text.h"
#include "base/time.h"

namespace regesta {
namespace {

std::atomic<LogLevel> lowest{LogLevel::info};

std::string_view levelName(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

/// A log line must stay JSON whatever bytes a client sent.
void appendLogText(std::string& out, std::string_view text) {
  if (isUtf8(text)) return appendJsonString(out, text);
  std::string cleaned;
  for (char c : text) cleaned += static_cast<unsigned char>(c) < 0x80 ? c : '?';
  appendJsonString(out, cleaned);
}

/// One write(2) per line: concurrent lines do not mix. A log that cannot be written must not stop the server.
void writeLine(std::string_view line) {
  while (!line.empty()) {
    ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

void log(LogLevel level, std::string_view message, const json::object& fields) {
  if (level < lowest.load(std::memory_order_relaxed)) return;
  std::string line = "{\"time\":";
  appendJsonString(line, formatTime(nowMillis()));
  line += ",\"level\":";
  appendJsonString(line, levelName(level));
  line += ",\"message\":";
  appendLogText(line, message);
  for (const auto& [name, value] : fields) {
    line += ',';
    appendLogText(line, name);
    line += ':';
    if (value.is_string())
      appendLogText(line, value.get_string());
    else
      line += json::serialize(value);
  }
  line += "}\n";
  writeLine(line);
}

void setLogLevel(LogLevel level) { lowest.store(level, std::memory_order_relaxed); }

}  // namespace regesta
