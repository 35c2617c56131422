#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "http/client.h"

namespace regesta::cli {

/// The JSON API of a server that is imported.
class SourceClient {
 public:
  using Query = std::vector<std::pair<std::string, std::string>>;  ///< pairs with an empty value are left out
  /// `authorization`: the header's value; empty: none. `kind` names the server in messages: "an MLflow server".
  SourceClient(std::string url, std::string authorization, std::string kind);

  /// Without credentials.
  std::string origin() const;
  http::ClientRequest request(std::string method, const std::string& path, const Query& query = {}) const;
  http::Response send(const http::ClientRequest& request) { return client_.send(request); }
  /// Throw Error{unavailable} or Error{invalid} with the server's answer, Error{notFound} for 404.
  json::object get(const std::string& path, const Query& query = {});
  json::object post(const std::string& path, const json::object& body);

 private:
  json::object call(const http::ClientRequest& request);
  std::string url_, authorization_, kind_;
  http::Client client_;
};

/// The value of an environment variable; empty: it is not set.
std::string variable(const char* name);

/// Whole numbers arrive as numbers or, of proto3, as text.
std::int64_t numberOf(const json::object& object, std::string_view name);
/// Milliseconds of an RFC 3339 time; 0: none.
std::int64_t millisOf(const std::string& time);

}  // namespace regesta::cli
