#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "governance/access.h"
#include "governance/oidc/options.h"
#include "governance/oidc/provider.h"

namespace regesta::governance::oidc {

/// The way of a browser to the provider and back. Nothing is stored before the provider has vouched for somebody: what
/// was begun travels in a cookie that only this server (and others on its database) can write, and state, nonce and
/// verifier follow from it. Thread-safe; begin and complete wait for the provider.
class SignIn {
 public:
  SignIn(Access& access, Options options) : SignIn(access, std::move(options), Provider::Outside{}) {}
  SignIn(Access& access, Options options, Provider::Outside outside)
      : access_(access), options_(std::move(options)), provider_(options_, std::move(outside)) {}

  const Options& options() const { return options_; }

  static constexpr std::int64_t lastsSeconds = 600;
  struct Begun {
    std::string address;  ///< at the provider: where the browser goes now
    std::string cookie;   ///< what it brings back
  };
  /// `back`: the path on this server that the person wanted to see. Throws Invalid{"back"} for anything else.
  Begun begin(const std::string& back, const std::string& redirect);

  /// The provider's answer, from the address that it sent the browser to.
  struct Answer {
    std::string code, state, issuer, error;
  };
  struct Pending {
    std::string id, back;
    std::int64_t expiresAt = 0;  ///< milliseconds
  };
  /// Whether the answer belongs to the sign-in that this browser began. Throws Error{unauthenticated}.
  Pending recognise(std::string_view cookie, const Answer& answer) const;
  /// Exchanges the code and opens a session. Throws Error in words for the person who signs in.
  Access::Session complete(const Pending& pending, const Answer& answer, const std::string& redirect,
                           std::string_view agent = {});

  /// Whether the provider can end its session, too, as far as it is known without asking it.
  bool offersSignOut();
  /// Where it does that. Throws Error{unsupported} when it does not.
  std::string signOutAddress(const std::string& backTo);

 private:
  std::string word(std::string_view purpose, std::string_view id) const;

  Access& access_;
  const Options options_;
  Provider provider_;
};

}  // namespace regesta::governance::oidc
