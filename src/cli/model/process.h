#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace regesta::cli {

/// A program to run in its own process group.
struct ProcessOrder {
  std::vector<std::string> command;      ///< found on PATH if it has no slash
  std::vector<std::string> environment;  ///< "NAME=value"; PATH, HOME and LANG are passed on
  std::string_view input;                ///< for its stdin
  std::chrono::seconds longest{60};
  std::size_t mostOutput = 64 * 1024;  ///< bytes of each stream; the rest is dropped
  bool errorsInOutput = false;         ///< one stream for both
  std::function<bool()> stopped;       ///< true: end it
  std::chrono::seconds grace{0};       ///< between asking it to end (SIGTERM) and killing it
};
struct ProcessResult {
  int code = 0;
  std::string output, errors;
  bool cut = false;  ///< it printed more than mostOutput
};
/// Runs it to its end, and ends everything that it started. Throws Error{unavailable} if it cannot be started, takes
/// too long or is stopped.
ProcessResult runProcess(const ProcessOrder& order);

}  // namespace regesta::cli
