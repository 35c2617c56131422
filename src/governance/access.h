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
  bool operator==(const Grant&) const = default;
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

/// The account at an identity provider that a user signs in with.
struct Link {
  std::string issuer;
  std::string subject;  ///< empty: whoever the provider first calls by the user's name
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

/// Somebody an identity provider vouches for. Issuer and subject are who it is, for ever; names are given to others.
struct Person {
  std::string issuer, subject;
  std::string name;                          ///< what the provider calls them at this moment
  std::optional<std::vector<Grant>> grants;  ///< what their groups give; nothing: what an admin gave stays
  bool mayBeCreated = false;
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
  /// `agent` is what the browser calls itself; people know their sessions by it.
  Session openSession(std::string_view authorization, std::string_view agent = {});
  /// A sign-in at an identity provider, which counts once.
  struct OneTime {
    std::string id;
    std::int64_t expiresAt = 0;  ///< milliseconds; later nobody could complete it anyway
  };
  /// For the user who is linked to the person; a link that waits for them is completed, and where nobody has the name
  /// they are created when that is allowed. Their grants become what their groups give. A user of the same name that
  /// nobody linked is never taken over. Throws Error{denied} in words for the person, Error{unauthenticated} for a
  /// sign-in that was completed before.
  Session openSession(const Person& person, const OneTime& signIn, std::string_view agent = {});
  /// Silent when there is none. True when it began at an identity provider.
  bool closeSession(std::string_view secret);

  /// The sessions an actor has open, the newest first. `current` is the secret of the one that asks.
  struct OpenSession {
    std::string id, agent;  ///< the id ends it and signs nobody in
    std::int64_t createdAt = 0, usedAt = 0, expiresAt = 0;
    bool throughProvider = false, current = false;
  };
  std::vector<OpenSession> sessions(const registry::Actor& actor, std::string_view current);
  /// Ends one of the actor's own. Throws Error{notFound}.
  void endSession(const registry::Actor& actor, std::string_view id);
  /// Ends all of them; returns how many there were.
  std::int64_t closeSessions(const registry::Actor& actor);

  // Whoever calls these has checked that the actor administers everything: identity.require(administer, "*", "*").
  /// The first user becomes admin whatever is asked. Password at least 8 characters. Throws Error{exists} for a taken
  /// name, also when its owner is gone: a name that acted never becomes another person's.
  User createUser(const registry::Actor& actor, std::string_view name, std::string_view password,
                  const std::vector<Grant>& grants);
  /// One without a password, who signs in at an identity provider.
  User createUser(const registry::Actor& actor, std::string_view name, const Link& link,
                  const std::vector<Grant>& grants);
  /// Lets a user sign in at an identity provider, beside a password they may have. Throws Error{exists} when the
  /// account there is another user's.
  void linkUser(const registry::Actor& actor, std::string_view name, const Link& link);
  /// Ends that, and the sessions that began there. Throws Error{invalidState} when there is no link.
  void unlinkUser(const registry::Actor& actor, std::string_view name);
  std::vector<User> users();
  /// Throws Error{notFound} for a user who is unknown or gone, as the next two do. Who has no password cannot give
  /// themselves one, or they could stay when the identity provider lets them go: Error{denied}.
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
