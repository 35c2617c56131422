#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "http/client.h"
#include "http/egress.h"

namespace regesta::connect {

/// JSON requests to one other program with its credentials. Follows no redirect and connects only to addresses that
/// `egress` allows. Not thread-safe.
class WebCall {
 public:
  /// `authorization` is the header's value; `program` is named in messages: "JIRA".
  WebCall(const http::Egress& egress, std::string program, std::string base, std::string authorization);

  struct Answer {
    int status = 0;
    json::value body;  ///< null: none
  };
  /// `path` continues the base. Returns 2xx, 404 and, with `mayRefuse`, any other 4xx that is not about credentials or
  /// load. Throws ConnectorError otherwise.
  Answer send(std::string_view method, const std::string& path, const json::value& body = nullptr,
              bool mayRefuse = false);
  Answer get(const std::string& path) { return send("GET", path); }

 private:
  const http::Egress& egress_;
  std::string program_, base_, authorization_;
  http::Client client_;
};

/// The value of a Retry-After header (seconds, or a date) in milliseconds from now; 0: none or invalid. At most a day.
std::int64_t retryAfterMillis(std::string_view header, std::int64_t now);

}  // namespace regesta::connect
