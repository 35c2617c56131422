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

constexpr std::string_view noSniffing = "\r\nX-Content-Type-Options: nosniff";
constexpr std::string_view noPage = "\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'";
constexpr std::string_view noStoring = "\r\nCache-Control: no-store";
constexpr std::string_view onlyTls = "\r\nStrict-Transport-Security: max-age=31536000; includeSubDomains";

/// What a handler's header means to the head around it.
enum class Kind { plain, ours, policy, caching };

Kind kindOf(std::string_view name) {
  auto is = [&](std::string_view known, Kind kind) { return equalsIgnoreCase(name, known) ? kind : Kind::plain; };
  switch (name.size()) {
    case 4:
      return equalsIgnoreCase(name, "ETag") ? Kind::caching : is("Date", Kind::ours);
    case 10:
      return is("Connection", Kind::ours);
    case 12:
      return is("X-Request-Id", Kind::ours);
    case 13:
      return is("Cache-Control", Kind::caching);
    case 14:
      return is("Content-Length", Kind::ours);
    case 17:
      return is("Transfer-Encoding", Kind::ours);
    case 22:
      return is("X-Content-Type-Options", Kind::ours);
    case 23:
      return is("Content-Security-Policy", Kind::policy);
    case 25:
      return is("Strict-Transport-Security", Kind::ours);
    default:
      return Kind::plain;
  }
}

/// Texts that the server writes are UTF-8. Clients compare the type of event streams as a whole, and those are UTF-8 by
/// definition. A file to be saved is somebody else's bytes in an encoding of their own, no browser shows it, and
/// MLflow's clients compare its type as a whole.
bool lacksCharset(const Response& response) {
  std::string_view type = response.contentType;
  if (!type.starts_with("text/") || type == "text/event-stream" || type.find("charset=") != type.npos) return false;
  return !response.headers.get("Content-Disposition").value_or("").starts_with("attachment");
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
    if (lacksCharset(response)) out += "; charset=utf-8";
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
  bool hasPolicy = response.status == 304, hasCaching = hasPolicy;
  for (const auto& [name, value] : response.headers.all()) {
    Kind kind = kindOf(name);
    if (kind == Kind::ours) continue;
    hasPolicy |= kind == Kind::policy;
    hasCaching |= kind == Kind::caching;
    out += "\r\n";
    appendSafe(out, name);
    out += ": ";
    appendSafe(out, value);
  }
  if (response.status != 304) out += noSniffing;
  if (!hasPolicy) out += noPage;
  if (!hasCaching) out += noStoring;
  if (facts.secure) out += onlyTls;
  out += "\r\n\r\n";
}

}  // namespace regesta::http
