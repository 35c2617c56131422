#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "access/access.h"
#include "access/oidc/options.h"
#include "access/oidc/provider.h"

namespace regesta::access::oidc {

/// The authorization code flow of a browser. Stores nothing before the provider has authenticated the person: the
/// pending sign-in is in a cookie that only servers of this database can write, and state, nonce and verifier derive
/// from it. Thread-safe; begin and complete wait for the provider.
class SignIn {
 public:
  SignIn(Access& access, Options options) : SignIn(access, std::move(options), Provider::Outside{}) {}
  SignIn(Access& access, Options options, Provider::Outside outside)
      : access_(access), options_(std::move(options)), provider_(options_, std::move(outside)) {}

  const Options& options() const { return options_; }

  static constexpr std::int64_t lastsSeconds = 600;
  struct Begun {
    std::string address;  ///< at the provider: the browser's next address
    std::string cookie;   ///< which the browser returns
  };
  /// `back`: the path on this server to return to. Throws Invalid{"back"} for anything else.
  Begun begin(const std::string& back, const std::string& redirect);

  /// The provider's response, from the redirect address.
  struct Answer {
    std::string code, state, issuer, error;
  };
  struct Pending {
    std::string id, back;
    std::int64_t expiresAt = 0;  ///< milliseconds
  };
  /// The sign-in that this browser began and the response belongs to. Throws Error{unauthenticated}.
  Pending recognise(std::string_view cookie, const Answer& answer) const;
  /// Exchanges the code and opens a session. Throws Error with a message for the user.
  Access::Session complete(const Pending& pending, const Answer& answer, const std::string& redirect,
                           std::string_view agent = {});

  /// Whether the provider can end its own session, according to cached metadata.
  bool offersSignOut();
  /// The provider's address for that. Throws Error{unsupported} if it has none.
  std::string signOutAddress(const std::string& backTo);

 private:
  std::string word(std::string_view purpose, std::string_view id) const;

  Access& access_;
  const Options options_;
  Provider provider_;
};

}  // namespace regesta::access::oidc
