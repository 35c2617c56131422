#include "http/message.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"

namespace regesta::http {

void Headers::set(std::string_view name, std::string value) {
  auto same = [name](const auto& header) { return equalsIgnoreCase(header.first, name); };
  auto first = std::find_if(list_.begin(), list_.end(), same);
  if (first == list_.end()) return add(std::string(name), std::move(value));
  first->second = std::move(value);
  list_.erase(std::remove_if(first + 1, list_.end(), same), list_.end());
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const auto& [key, value] : list_)
    if (key.size() == name.size() && equalsIgnoreCase(key, name)) return value;
  return std::nullopt;
}

std::string_view Request::variable(std::string_view name) const {
  for (const auto& [key, value] : variables)
    if (key == name) return value;
  return {};
}

std::vector<std::pair<std::string, std::string>> parseQuery(std::string_view query) {
  auto decoded = [](std::string_view text) {
    auto plain = percentDecode(text, true);
    return plain ? std::move(*plain) : std::string(text);
  };
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::string_view part : split(query, '&')) {
    if (part.empty()) continue;
    std::size_t equals = part.find('=');
    std::string_view value = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    pairs.emplace_back(decoded(part.substr(0, equals)), decoded(value));
  }
  return pairs;
}

std::string_view reason(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 207:
      return "Multi-Status";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 423:
      return "Locked";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Status";
  }
}

}  // namespace regesta::http
