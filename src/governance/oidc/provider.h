#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <semaphore>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/limits_sign_in.h"
#include "base/sync.h"
#include "crypto/jws.h"
#include "governance/oidc/options.h"
#include "http/client.h"

namespace regesta::governance::oidc {

/// What a provider says of itself in its discovery document, as far as it is needed.
struct Metadata {
  std::string authorization, token, keys;  ///< addresses
  std::string userinfo, endSession;        ///< addresses; empty: it has none
  bool secretInBody = false;               ///< it takes a client's secret in the body only
};

/// The tokens that a code was exchanged for.
struct Tokens {
  std::string id, access;
};

/// The identity provider over the network. Every answer is limited in size and time, no redirect is followed, and all
/// addresses must be safe ones (isSafeAddress). Discovery and keys are remembered for an hour. Thread-safe. Throws
/// Error{unavailable} when the provider cannot be reached or says something that breaks a rule, in words for the person
/// who signs in and without anything secret.
class Provider {
 public:
  using Clock = std::chrono::steady_clock;
  /// The network and the clock, which tests replace.
  struct Outside {
    std::function<http::Response(const http::ClientRequest&)> send = overNetwork;
    std::function<Clock::time_point()> now = Clock::now;
  };
  /// Keys that nobody has heard of are asked for this often at most: whoever makes key ids up must not be able to send
  /// us to the provider each time. A provider that could not be reached is left alone for a moment, too.
  static constexpr std::chrono::seconds keysEvery{10}, failureLasts{5};

  /// `options` must outlive it.
  explicit Provider(const Options& options) : Provider(options, Outside{}) {}
  Provider(const Options& options, Outside outside) : options_(options), outside_(std::move(outside)) {}

  Metadata metadata();
  /// What is remembered of it, without going there.
  std::optional<Metadata> knownMetadata();
  /// The key that must have signed the token. Throws Error{unauthenticated} when the provider has no such key.
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
    std::optional<Clock::time_point> askedAt;  // when keys were last asked for, whatever came of it
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

}  // namespace regesta::governance::oidc
