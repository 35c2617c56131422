#include "http/sse.h"

#include <fmt/format.h>

namespace regesta::http {
namespace {

void appendField(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  ((out += name) += ": ");
  for (char c : value)
    if (c != '\r' && c != '\n' && c != '\0') out += c;
  out += '\n';
}

}  // namespace

std::string serverSentEvent(std::string_view data, std::string_view id, std::string_view event) {
  std::string out;
  appendField(out, "id", id);
  appendField(out, "event", event);
  // CR, LF and CRLF all end a line for the reader, so each must start a new data line here.
  out += "data: ";
  for (std::size_t i = 0; i < data.size(); ++i) {
    bool pair = data[i] == '\r' && i + 1 < data.size() && data[i + 1] == '\n';
    if (pair) ++i;
    if (data[i] == '\r' || data[i] == '\n')
      out += "\ndata: ";
    else
      out += data[i];
  }
  out += "\n\n";
  return out;
}

std::string_view serverSentHeartbeat() { return ":\n\n"; }

std::string serverSentRetry(std::chrono::milliseconds delay) { return fmt::format("retry: {}\n\n", delay.count()); }

Response serverSentHead() {
  Response head{200, "text/event-stream; charset=utf-8", {}, {}};
  head.headers.add("Cache-Control", "no-cache");
  head.headers.add("X-Accel-Buffering", "no");
  return head;
}

}  // namespace regesta::http
