#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/trace_context.h"

namespace regesta::http {

/// One answered request, as the access log writes it. `path` is without the query, which may hold secrets.
struct AccessEntry {
  std::string_view id, remote, method, path, pattern;
  std::string_view actor, claimed, problem;  ///< see Account
  int status = 0;
  std::uint64_t bytes = 0;  ///< of the answer's body
  double seconds = 0;
  std::optional<TraceContext> parent;  ///< of the header traceparent
};

/// The text if it is UTF-8; else with `?` for each byte that is not ASCII.
std::string asUtf8(std::string_view text);

/// Appends the entry as one JSON line.
void appendAccessLine(std::string& out, const AccessEntry& entry, std::int64_t nowMillis);

/// The file that the lines go to. Lines are collected by each I/O thread and written together, whole lines at a time;
/// the file is opened for appending, so that rotating it by copy and truncate works, too.
class AccessLog {
 public:
  /// Empty: no log; "-": stderr. Throws Error{invalid} when the file cannot be opened.
  explicit AccessLog(const std::string& file);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;
  bool wanted() const { return descriptor_ >= 0; }
  /// Opens the file again, after its old one was renamed; other threads may write meanwhile. If that fails, the old one
  /// stays in use, and the log says why.
  void reopen() const;
  /// A log that cannot be written never stops the server: the lines are lost.
  void write(std::string_view lines) const;

 private:
  std::string file_;
  int descriptor_ = -1;
};

}  // namespace regesta::http
