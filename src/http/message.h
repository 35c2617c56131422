#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regesta::http {

class Caller;  // http/caller.h

/// Headers in order; names compare without case.
class Headers {
 public:
  void add(std::string name, std::string value) { list_.emplace_back(std::move(name), std::move(value)); }
  void set(std::string_view name, std::string value);
  /// First value; empty optional when absent.
  std::optional<std::string_view> get(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return list_; }
  void clear() { list_.clear(); }

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};

/// What became known of a request while it was answered, for the access log and for who counts refusals. Handlers have
/// the request as const; this is the one thing that they add to it.
struct Account {
  std::string actor;         ///< the caller, once known: "user:anna"; empty: unknown
  std::string claimed;       ///< who the caller said to be, when that did not hold: a name, or "token"
  std::string_view problem;  ///< codeName() of the error that it ended with; empty: none
};

/// One request. `path` is percent-decoded except that %2F stays encoded inside segments' raw text: match on `rawPath`,
/// decode each variable once. `body` is empty for streaming routes.
struct Request {
  std::string method;     ///< upper case
  std::string target;     ///< as it came
  std::string authority;  ///< host and port of a target in absolute form; empty otherwise
  std::string rawPath;    ///< target up to '?', leading slashes collapsed to one
  std::string query;      ///< after '?', not decoded
  Headers headers;
  std::string body;
  std::string remote;              ///< address of the client, without port: the peer's, or what a trusted proxy says
  std::string id;                  ///< request id: the client's X-Request-Id when well formed, else a new one
  bool secure = false;             ///< came over TLS, here or at a trusted proxy
  std::shared_ptr<Caller> caller;  ///< who was let in, where the route has a door that was passed already
  std::vector<std::pair<std::string, std::string>> variables;  ///< path variables, decoded, in the pattern's order
  mutable Account account;

  std::string_view variable(std::string_view name) const;  ///< empty when the pattern has no such name
};

struct Response {
  int status = 200;
  std::string contentType = "application/json";
  Headers headers;
  std::string body;
};

/// Query string to decoded pairs; a broken escape stays as it is written.
std::vector<std::pair<std::string, std::string>> parseQuery(std::string_view query);
std::string_view reason(int status);

}  // namespace regesta::http
