#include "http/mail.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <memory>

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "http/conditional.h"

namespace regesta::http {
namespace {

constexpr std::size_t addressLength = 254, base64Line = 76, wordBytes = 42;
constexpr long sendSeconds = 20;

struct FreeMailList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeMailHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

std::string wrapped(std::string_view text) {
  std::string encoded = base64Encode(text), lines;
  for (std::size_t at = 0; at < encoded.size(); at += base64Line)
    lines += std::string(std::string_view(encoded).substr(at, base64Line)) + "\r\n";
  return lines;
}

bool isPlain(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

/// RFC 2047: words of at most 75 characters, cut between characters.
std::string headerText(std::string_view text) {
  if (isPlain(text) && text.size() < 70) return std::string(text);
  std::string words;
  while (!text.empty()) {
    std::string_view part = startOf(text, wordBytes);
    if (part.empty()) part = text.substr(0, wordBytes);  // not UTF-8
    words += fmt::format("{}=?UTF-8?B?{}?=", words.empty() ? "" : "\r\n ", base64Encode(part));
    text.remove_prefix(part.size());
  }
  return words;
}

std::string mailDate(std::int64_t millis) {
  std::string date = formatHttpDate(millis / 1000);
  return date.replace(date.rfind("GMT"), 3, "+0000");
}

/// The message as it is sent (RFC 5322, MIME). `time`: milliseconds.
std::string mailText(const MailServer& server, const Mail& mail, std::int64_t time) {
  std::string host = server.from.substr(std::min(server.from.find('@'), server.from.size() - 1) + 1);
  return fmt::format(
      "From: Regesta <{}>\r\nTo: <{}>\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{}@{}>\r\nAuto-Submitted: "
      "auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
      "base64\r\n\r\n{}",
      server.from, mail.to, headerText(mail.subject), mailDate(time), mail.id, host, wrapped(mail.text));
}

struct MailBody {
  std::string_view rest;
};

std::size_t readMail(char* out, std::size_t, std::size_t size, void* user) {
  auto& body = *static_cast<MailBody*>(user);
  std::size_t count = std::min(size, body.rest.size());
  std::copy_n(body.rest.data(), count, out);
  body.rest.remove_prefix(count);
  return count;
}

}  // namespace

bool isMailAddress(std::string_view address) {
  std::size_t at = address.find('@');
  if (at == 0 || at == address.npos || address.size() > addressLength || address.find('@', at + 1) != address.npos)
    return false;
  std::string_view local = address.substr(0, at), host = address.substr(at + 1);
  auto inLocal = [](unsigned char c) {
    return std::isalnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.").contains(c);
  };
  auto inHost = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.'; };
  return std::ranges::all_of(local, inLocal) && !host.empty() && std::ranges::all_of(host, inHost) &&
         host.front() != '.' && host.back() != '.' && host.front() != '-' && local.front() != '-';
}

void sendMail(const MailServer& server, const Mail& mail) {
  if (!isMailAddress(mail.to) || !isMailAddress(server.from))
    throw Error(Code::refused, "the address of the mail is not valid");
  std::unique_ptr<CURL, FreeMailHandle> handle(curl_easy_init());
  std::unique_ptr<curl_slist, FreeMailList> to(curl_slist_append(nullptr, fmt::format("<{}>", mail.to).c_str()));
  if (!handle || !to) throw Error(Code::unavailable, "there is not enough memory for a mail");
  std::string text = mailText(server, mail, nowMillis()), from = fmt::format("<{}>", server.from);
  MailBody body{text};
  char reason[CURL_ERROR_SIZE] = {};
  auto set = [&](CURLoption option, auto value) {
    if (curl_easy_setopt(handle.get(), option, value) != CURLE_OK)
      throw Error(Code::unavailable, "the mail cannot be sent with these settings");
  };
  set(CURLOPT_ERRORBUFFER, reason);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_URL, server.url.c_str());
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_USE_SSL, static_cast<long>(server.encrypt ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  if (!server.caFile.empty()) set(CURLOPT_CAINFO, server.caFile.c_str());
  if (!server.user.empty()) {
    set(CURLOPT_USERNAME, server.user.c_str());
    set(CURLOPT_PASSWORD, server.password.c_str());
  }
  set(CURLOPT_TIMEOUT, sendSeconds);
  set(CURLOPT_MAIL_FROM, from.c_str());
  set(CURLOPT_MAIL_RCPT, to.get());
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_READFUNCTION, readMail);
  set(CURLOPT_READDATA, static_cast<void*>(&body));
  CURLcode code = curl_easy_perform(handle.get());
  if (code == CURLE_OK) return;
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  std::string why = reason[0] != '\0' ? reason : curl_easy_strerror(code);
  bool final = status >= 550 && status < 560;
  throw error(final ? Code::refused : Code::unavailable, "the mail server did not take the mail: {}{}", why,
              status > 0 ? fmt::format(" ({})", status) : "");
}

}  // namespace regesta::http
