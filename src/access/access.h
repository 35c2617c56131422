#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"

namespace regesta::access {

/// The permission that a route or core call requires. Each includes reading. `run`: lease jobs and report on them.
enum class Verb { read, write, approve, administer, run };

/// A role on a part of the registry. Built-in roles: reader, contributor, approver, admin, auditor, runner. Any other
/// word ("risk", "legal") is an approval role: it reads and approves, and policies require it by name.
struct Grant {
  std::string role;
  std::string workspace;    ///< "*": all
  std::string namePattern;  ///< glob over asset names, "*": all
  bool operator==(const Grant&) const = default;
};

/// The caller and their grants. Immutable; shared between requests.
struct Identity {
  registry::Actor actor;
  std::vector<Grant> grants;
  bool local = false;  ///< the local user of a server without users: has all permissions

  /// `name` empty: whether any grant in the workspace allows it.
  bool may(Verb verb, std::string_view workspace, std::string_view name = {}) const;
  /// Throws Error{denied} that names the missing role and how to grant it.
  void require(Verb verb, std::string_view workspace, std::string_view name = {}) const;
  std::vector<std::string> rolesOn(std::string_view workspace, std::string_view name) const;
};

/// The account at an identity provider that a user signs in with.
struct Link {
  std::string issuer;
  std::string subject;  ///< empty: the first account with the user's name
};

struct User {
  std::int64_t id = 0;
  std::string name;
  std::int64_t createdAt = 0;
  bool disabled = false;
  std::vector<Grant> grants;
  bool password = true;  ///< has one
  std::optional<Link> link;
};

/// A person authenticated by an identity provider. Issuer and subject identify them permanently; names can be reused.
struct Person {
  std::string issuer, subject;
  std::string name;                          ///< their present name at the provider
  std::optional<std::vector<Grant>> grants;  ///< grants of their groups; none: keep the grants of an admin
  bool mayBeCreated = false;
};

struct Token {
  std::int64_t id = 0;
  std::string name;                           ///< actor "token:<name>"
  std::int64_t createdAt = 0, expiresAt = 0;  ///< 0: never
  std::vector<Grant> grants;
  std::string accessKey;  ///< id of its S3 key; empty: none
};

/// What a token signs S3 requests with. The secret is derived from a key outside the database, the id and the token, so
/// that a server can compute it again and the database does not have it.
struct AccessKey {
  std::string id, secret;
};

/// The form of a service token. A Langfuse pair is sent as Basic credentials: public key and secret key, which must
/// belong together. An S3 token has an AccessKey, too.
enum class TokenForm { bearer, langfusePair, s3 };
/// "pk-lf-<name>": the public key of a pair. It is not a secret and not a credential on its own.
std::string langfusePublicKey(std::string_view tokenName);

/// Limits of a browser session, in milliseconds.
struct SessionLimits {
  std::int64_t idleMillis = 0;  ///< without a request; 0: no limit
  std::int64_t longestMillis = std::int64_t{12} * 60 * 60 * 1000;
};

/// Users, service tokens and roles. Once a user or token exists, all requests need credentials; before that, a server
/// on loopback treats its caller as the local user ("local:<login name>"). Thread-safe.
class Access {
 public:
  Access(registry::Store& store, bool loopbackOnly, SessionLimits limits = {});
  ~Access();

  /// `authorization` is the header's value, if any: "Basic …", "Bearer …" or "Session …". Throws
  /// Error{unauthenticated}. A password is checked with argon2id once and then cached (keyed, in memory) until the user
  /// changes, so calls per request are cheap. `address` is the client's; failures are counted by it.
  std::shared_ptr<const Identity> authenticate(std::optional<std::string_view> authorization,
                                               std::string_view address = {});
  /// The same, with its validity: while isCurrent(), or until admit() with the same credentials returns another result.
  struct Admission {
    std::shared_ptr<const Identity> identity;
    std::uint64_t generation = 0;
    std::int64_t expiresAt = 0;  ///< milliseconds; 0: never
  };
  /// A request uses its session. Checking whether a stream may continue does not, so an open page alone does not keep a
  /// session alive.
  enum class Use { request, look };
  Admission admit(std::optional<std::string_view> authorization, std::string_view address = {}, Use use = Use::request);
  bool isCurrent(const Admission& admission);
  /// The owner of an access key and its secret, with which the caller of this function checks a signature: the id alone
  /// is not a credential. Throws Error{unauthenticated} for an unknown one, or one of a revoked or expired token.
  struct KeyOwner {
    Admission admission;
    std::string secret;
  };
  KeyOwner ownerOfKey(std::string_view accessKeyId);
  /// Version of users, tokens and sessions: an equal number means that none has changed.
  std::uint64_t changes();
  /// Whether the actor may read in the workspace now, without credentials; for links issued to them earlier.
  bool mayRead(std::string_view actor, std::string_view workspace);
  /// Whether authenticate() would have to check these credentials, possibly by hashing a password: then call it on a
  /// waiting thread.
  bool wouldCheck(std::string_view authorization);
  /// A secret derived for one `purpose`: equal on every server with the same ledger key, and unpredictable for others,
  /// readers of the database among them. 43 letters of base64url.
  std::string capability(std::string_view purpose) const;
  /// True if there is a user or token: all requests need credentials.
  bool asksForCredentials();

  /// A browser session for the owner of the credentials, within SessionLimits. Its secret is a credential ("Session
  /// <secret>" for authenticate()) and is not stored. Throws Error{unauthenticated}; Error{invalidState} on a server
  /// without users.
  struct Session {
    std::string secret;
    std::int64_t expiresAt = 0;  ///< milliseconds
  };
  /// `agent` is the browser's User-Agent, shown in the list of sessions.
  Session openSession(std::string_view authorization, std::string_view agent = {}, std::string_view address = {});
  /// A sign-in at an identity provider; it can be used once.
  struct OneTime {
    std::string id;
    std::int64_t expiresAt = 0;  ///< milliseconds; the sign-in cannot be completed later
  };
  /// Opens a session for the user linked to the person. Completes a pending link, or creates the user if the name is
  /// free and creation is enabled. Their grants become those of their groups. An unlinked user of the same name is
  /// never taken over. Throws Error{denied} with a message for the person, Error{unauthenticated} for a sign-in already
  /// used.
  Session openSession(const Person& person, const OneTime& signIn, std::string_view agent = {});
  /// No effect if there is none. Returns true if it began at an identity provider.
  bool closeSession(std::string_view secret);

  /// The actor's open sessions, newest first. `current` is the secret of the caller's session.
  struct OpenSession {
    std::string id, agent;  ///< the id can end the session but is not a credential
    std::int64_t createdAt = 0, usedAt = 0, expiresAt = 0;
    bool throughProvider = false, current = false;
  };
  std::vector<OpenSession> sessions(const registry::Actor& actor, std::string_view current);
  /// Ends one of the actor's sessions. Throws Error{notFound}.
  void endSession(const registry::Actor& actor, std::string_view id);
  /// Ends all of them; returns their number.
  std::int64_t closeSessions(const registry::Actor& actor);

  // Callers must have checked that the actor administers the server: identity.require(administer, "*", "*").
  /// The first user becomes admin regardless of `grants`. Throws Error{exists} for a name that is or was used, because
  /// the ledger attributes its actions to the earlier user.
  User createUser(const registry::Actor& actor, std::string_view name, std::string_view password,
                  const std::vector<Grant>& grants);
  /// A user without a password, who signs in at an identity provider.
  User createUser(const registry::Actor& actor, std::string_view name, const Link& link,
                  const std::vector<Grant>& grants);
  /// Lets a user sign in at an identity provider, in addition to a password. Throws Error{exists} if the account there
  /// is linked to another user.
  void linkUser(const registry::Actor& actor, std::string_view name, const Link& link);
  /// Unlinks the user from the identity provider and ends the sessions it started. Throws Error{invalidState} if they
  /// are not linked.
  void unlinkUser(const registry::Actor& actor, std::string_view name);
  std::vector<User> users();
  /// Sets a password and ends the user's sessions except the one with the secret `keep`. Throws Error{notFound} for an
  /// unknown or deleted user, as the next two do; Error{denied} for users without a password who set their own, because
  /// they could then sign in after the identity provider removed them.
  void setPassword(const registry::Actor& actor, std::string_view name, std::string_view password,
                   std::string_view keep = {});
  /// Throws Error{denied} if `password` is not the user's, or they have none.
  void requirePassword(std::string_view name, std::string_view password, std::string_view address);
  bool hasPassword(std::string_view name);
  /// Ends all sessions of a user; returns their number. Throws Error{notFound} for an unknown or deleted user.
  std::int64_t endSessionsOf(const registry::Actor& actor, std::string_view name);
  /// setGrants and deleteUser throw Error{invalidState} if no administrator of the server would remain.
  void setGrants(const registry::Actor& actor, std::string_view name, const std::vector<Grant>& grants);
  void deleteUser(const registry::Actor& actor, std::string_view name);
  /// Returns the secret, which is not stored.
  std::string createToken(const registry::Actor& actor, std::string_view name, const std::vector<Grant>& grants,
                          std::int64_t expiresAt, TokenForm form = TokenForm::bearer);
  /// Of a token that was made with TokenForm::s3, for the answer that creates it.
  AccessKey accessKeyOf(std::string_view tokenName);
  std::vector<Token> tokens();
  void revokeToken(const registry::Actor& actor, std::string_view name);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::access
