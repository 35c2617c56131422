#pragma once
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "cli/credentials.h"
#include "http/client.h"

namespace regesta::cli {

/// "/api/v1/" and the segments, each percent-encoded.
std::string route(std::initializer_list<std::string_view> segments);

/// The native API of one server. Answers of 400 and above become Error with the server's code, message and detail; no
/// answer at all becomes Error{unavailable} that says what to do.
class Api {
 public:
  using Query = std::vector<std::pair<std::string, std::string>>;  ///< pairs with an empty value are left out
  explicit Api(Connection connection) : connection_(std::move(connection)) {}

  json::value get(const std::string& path, const Query& query = {});
  json::value post(const std::string& path, const json::value& body = json::object());
  json::value put(const std::string& path, const json::value& body);
  /// Sends JSON Lines, with an idempotency key unless that is empty.
  json::value postLines(const std::string& path, std::string lines, const std::string& key);
  json::value patch(const std::string& path, const json::value& body);
  json::value remove(const std::string& path);
  std::string text(const std::string& path);  ///< the raw body
  /// Streams the body into `sink`; a false return stops.
  void download(const std::string& path, std::function<bool(std::string_view)> sink);

  /// Every object of a list, page after page, at most `limit`.
  void each(const std::string& path, const Query& query, std::size_t limit,
            const std::function<void(const json::object&)>& visit);

  /// Stores a file as a blob, with a progress bar for big ones. Returns {digest, size}. A big file whose upload was
  /// cut, also that of an earlier call, goes on where it stopped.
  json::object upload(const std::string& file);

  const Connection& connection() const { return connection_; }
  /// From now on calls end with Error{unavailable} when `stopped` says true.
  void stopWhen(std::function<bool()> stopped) { stopped_ = std::move(stopped); }

 private:
  http::ClientRequest request(std::string method, const std::string& path, const Query& query = {}) const;
  http::Response send(const http::ClientRequest& request);
  json::object uploadAtOnce(const std::string& file, std::uint64_t size);
  json::object uploadResumably(const std::string& file, std::uint64_t size);
  json::object stateOf(const std::string& place, json::object known);  ///< of an upload; `known` if there is no answer
  json::value answer(const http::ClientRequest& request);
  Connection connection_;
  std::function<bool()> stopped_;
  http::Client client_;
};

/// Why the file could not be opened or read, from errno: notFound if it does not exist, else invalid.
Error unreadable(const std::string& file);

}  // namespace regesta::cli
