#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"

namespace regesta::governance {

/// What a route or a core call asks for. Each includes reading. `run` is for runners: to lease jobs and report on them.
enum class Verb { read, write, approve, administer, run };

/// A role held on a part of the register. Known roles: reader, contributor, approver, admin, auditor, runner. Any other
/// word
/// ("risk", "legal") is an approval role: it reads and approves, and policies ask for it by name.
struct Grant {
  std::string role;
  std::string workspace;    ///< "*": all
  std::string namePattern;  ///< glob over asset names, "*": all
};

/// Who is calling and what they may do. Immutable; shared between requests.
struct Identity {
  registry::Actor actor;
  std::vector<Grant> grants;
  bool local = false;  ///< the local user of a server without users: may do everything

  /// `name` empty: is there any grant in the workspace that allows it at all?
  bool may(Verb verb, std::string_view workspace, std::string_view name = {}) const;
  /// Throws Error{denied} that names the role that is missing and who can grant it.
  void require(Verb verb, std::string_view workspace, std::string_view name = {}) const;
  std::vector<std::string> rolesOn(std::string_view workspace, std::string_view name) const;
};

struct User {
  std::int64_t id = 0;
  std::string name;
  std::int64_t createdAt = 0;
  bool disabled = false;
  std::vector<Grant> grants;
};

struct Token {
  std::int64_t id = 0;
  std::string name;                           ///< actor "token:<name>"
  std::int64_t createdAt = 0, expiresAt = 0;  ///< 0: never
  std::vector<Grant> grants;
};

/// How a service token looks to the client that gets it. A Langfuse pair is sent as Basic credentials of public and
/// secret key; both must belong together.
enum class TokenForm { bearer, langfusePair };
/// "pk-lf-<name>": the public half of a pair. It is no secret and opens nothing alone.
std::string langfusePublicKey(std::string_view tokenName);

/// Users, service tokens and roles. As soon as one user or token exists, everything asks for credentials; before that,
/// a server on loopback treats its caller as the local user ("local:<login name>"). Thread-safe.
class Access {
 public:
  Access(registry::Store& store, bool loopbackOnly);
  ~Access();

  /// `authorization` is the header's value, if any: "Basic …", "Bearer …" or "Session …". Throws
  /// Error{unauthenticated}. Passwords are checked with argon2id once and then remembered (keyed, in memory) until the
  /// user changes: cheap to call per request.
  std::shared_ptr<const Identity> authenticate(std::optional<std::string_view> authorization);
  /// Whether authenticate() would have to check these credentials, which may take a password's hash: then it belongs on
  /// a thread that may wait.
  bool wouldCheck(std::string_view authorization);
  /// A word that opens one thing (`purpose`) for whoever was given it: the same on every server of this database, and
  /// nobody else can work it out.
  std::string capability(std::string_view purpose) const;
  /// True when there is a user or a token: everything asks for credentials.
  bool asksForCredentials();

  /// A browser's way to keep speaking as whoever these credentials belong to, for twelve hours. The secret is a
  /// credential of its own ("Session <secret>" for authenticate()) and cannot be had again. Throws
  /// Error{unauthenticated}; Error{invalidState} where nobody needs to sign in.
  struct Session {
    std::string secret;
    std::int64_t expiresAt = 0;  ///< milliseconds
  };
  Session openSession(std::string_view authorization);
  void closeSession(std::string_view secret);  ///< silent when there is none

  // Whoever calls these has checked that the actor administers everything: identity.require(administer, "*", "*").
  /// The first user becomes admin whatever is asked. Password at least 8 characters. Throws Error{exists} for a taken
  /// name, also when its owner is gone: a name that acted never becomes another person's.
  User createUser(const registry::Actor& actor, std::string_view name, std::string_view password,
                  const std::vector<Grant>& grants);
  std::vector<User> users();
  /// Throws Error{notFound} for a user who is unknown or gone, as the next two do.
  void setPassword(const registry::Actor& actor, std::string_view name, std::string_view password);
  /// setGrants and deleteUser throw Error{invalidState} when nobody would be left who administers everything.
  void setGrants(const registry::Actor& actor, std::string_view name, const std::vector<Grant>& grants);
  void deleteUser(const registry::Actor& actor, std::string_view name);
  /// Returns the secret, which is not stored and cannot be had again.
  std::string createToken(const registry::Actor& actor, std::string_view name, const std::vector<Grant>& grants,
                          std::int64_t expiresAt, TokenForm form = TokenForm::bearer);
  std::vector<Token> tokens();
  void revokeToken(const registry::Actor& actor, std::string_view name);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::governance
