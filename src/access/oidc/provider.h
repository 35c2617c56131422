#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <semaphore>
#include <string>
#include <vector>

#include "access/oidc/options.h"
#include "base/json.h"
#include "base/limits_sign_in.h"
#include "base/sync.h"
#include "crypto/jws.h"
#include "http/client.h"

namespace regesta::access::oidc {

/// The used part of a provider's discovery document.
struct Metadata {
  std::string authorization, token, keys;  ///< addresses
  std::string userinfo, endSession;        ///< addresses; empty: it has none
  bool secretInBody = false;               ///< it accepts a client's secret only in the body
};

/// The tokens that a code was exchanged for.
struct Tokens {
  std::string id, access;
};

/// Client of the identity provider. Responses are limited in size and time, redirects are not followed, and all
/// addresses must be safe (isSafeAddress). Discovery and keys are cached for an hour. Thread-safe. Throws
/// Error{unavailable} if the provider cannot be reached or breaks a rule, with a message for the user that contains no
/// secret.
class Provider {
 public:
  using Clock = std::chrono::steady_clock;
  /// The network and the clock, which tests replace.
  struct Outside {
    std::function<http::Response(const http::ClientRequest&)> send = overNetwork;
    std::function<Clock::time_point()> now = Clock::now;
  };
  /// Minimum time between requests for unknown keys, so that invented key ids do not cause a request each. Also the
  /// pause after the provider could not be reached.
  static constexpr std::chrono::seconds keysEvery{10}, failureLasts{5};

  /// `options` must outlive it.
  explicit Provider(const Options& options) : Provider(options, Outside{}) {}
  Provider(const Options& options, Outside outside) : options_(options), outside_(std::move(outside)) {}

  Metadata metadata();
  /// The cached metadata, without a request.
  std::optional<Metadata> knownMetadata();
  /// The key that must have signed the token. Throws Error{unauthenticated} if the provider has no such key.
  crypto::Jwk keyOf(const crypto::Jws& token);
  std::vector<crypto::Jwk> keys();

  Tokens exchange(const std::string& code, const std::string& redirect, const std::string& verifier);
  json::object userinfo(const std::string& accessToken);

 private:
  static constexpr std::chrono::hours freshFor{1};

  struct Known {
    std::optional<Metadata> metadata;
    std::optional<std::vector<crypto::Jwk>> keys;
    std::optional<Clock::time_point> metadataAt, keysAt, failedAt;
    std::optional<Clock::time_point> askedAt;  // when keys were last requested, with or without success
  };

  static http::Response overNetwork(const http::ClientRequest& request);
  /// Whether less than `duration` has passed since then.
  bool within(const std::optional<Clock::time_point>& since, Clock::duration duration) const {
    return since && outside_.now() - *since < duration;
  }
  http::Response ask(http::ClientRequest request);
  std::string get(const std::string& address, std::string_view what);
  Metadata readMetadata(std::string_view text) const;
  std::vector<crypto::Jwk> fetchKeys();

  const Options& options_;
  Outside outside_;
  Sync<Known> known_;
  std::counting_semaphore<> calls_{static_cast<std::ptrdiff_t>(limits::providerCalls)};
};

}  // namespace regesta::access::oidc
