#include "http/head.h"

#include <charconv>

#include "base/text.h"

namespace regesta::http {
namespace {

void appendNumber(std::string& out, std::uint64_t value) {
  char digits[20];
  auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

void appendSafe(std::string& out, std::string_view text) {
  for (char c : text) out += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? ' ' : c;
}

bool isOurs(std::string_view name) {
  for (std::string_view ours : {"Content-Length", "Transfer-Encoding", "Connection", "Date", "X-Request-Id"})
    if (equalsIgnoreCase(name, ours)) return true;
  return false;
}

}  // namespace

void appendHead(std::string& out, const Response& response, const HeadFacts& facts) {
  out += "HTTP/1.1 ";
  appendNumber(out, static_cast<std::uint64_t>(response.status));
  ((out += ' ') += reason(response.status)) += "\r\nDate: ";
  out += facts.date;
  if (!response.contentType.empty() && !bodyless(response.status)) {
    out += "\r\nContent-Type: ";
    appendSafe(out, response.contentType);
  }
  switch (facts.framing) {
    case BodyFraming::length:
      out += "\r\nContent-Length: ";
      appendNumber(out, facts.length);
      break;
    case BodyFraming::chunked:
      out += "\r\nTransfer-Encoding: chunked";
      break;
    case BodyFraming::close:
    case BodyFraming::none:
      break;
  }
  (out += "\r\nX-Request-Id: ") += facts.id;
  if (!facts.keepAlive)
    out += "\r\nConnection: close";
  else if (!facts.http11)
    out += "\r\nConnection: keep-alive";
  for (const auto& [name, value] : response.headers.all()) {
    if (isOurs(name)) continue;
    out += "\r\n";
    appendSafe(out, name);
    out += ": ";
    appendSafe(out, value);
  }
  out += "\r\n\r\n";
}

}  // namespace regesta::http
