// Users who sign in at an identity provider: Access's half that keeps who is who.
#include "access/access_state.h"
#include "access/grants.h"
#include "access/user_rows.h"
#include "base/error.h"
#include "base/limits_sign_in.h"
#include "base/text.h"
#include "base/time.h"

namespace regesta::access {

namespace {

const registry::Actor signInActor = registry::Actor::system("sign-in");

void checkLink(const Link& link) {
  if (link.subject.size() > limits::subjectLength || !isUtf8(link.subject))
    throw Invalid("subject", fmt::format("must be UTF-8 of at most {} bytes", limits::subjectLength));
}

std::optional<UserRow> userRow(db::Rows rows) {
  if (!rows.next()) return std::nullopt;
  return UserRow{rows.integer(0), rows.text(1), rows.text(2), !rows.view(3).empty()};
}

constexpr std::string_view linkedUser =
    "SELECT u.id, u.name, u.grants, u.password FROM user_link l JOIN user_account u ON u.id = l.user_account "
    "WHERE u.disabled = 0 AND l.issuer = $1 AND ";

/// The user who is this person, if they are still here.
std::optional<UserRow> linkedTo(db::Transaction& transaction, const Person& person) {
  return userRow(transaction.query(fmt::format("{} l.subject = $2", linkedUser), {person.issuer, person.subject}));
}

/// The user of this name with a pending link.
std::optional<UserRow> awaiting(db::Transaction& transaction, const Person& person) {
  return userRow(
      transaction.query(fmt::format("{} l.subject = '' AND u.name = $2", linkedUser), {person.issuer, person.name}));
}

bool hadAccount(db::Transaction& transaction, const Person& person) {
  return transaction
      .query("SELECT 1 FROM user_link WHERE issuer = $1 AND subject = $2", {person.issuer, person.subject})
      .next();
}

/// Refuses a person whom the provider authenticated but who has no account, with the reason.
void refuseUnlinkedUser(db::Transaction& transaction, const Person& person) {
  if (hadAccount(transaction, person))
    throw Error(Code::denied, "your Regesta account was deleted; an admin can create another one");
  auto taken = transaction.query("SELECT disabled FROM user_account WHERE name = $1", {person.name});
  if (taken.next() && taken.integer(0) == 0)
    throw error(Code::denied,
                "there is a user '{0}' here who is not linked to your account at the identity provider; if that is "
                "you, an admin can link them: regesta user link {0}",
                person.name);
  if (taken.next())
    throw error(Code::denied, "'{}' was the name of a deleted user; ask an administrator for an account", person.name);
  if (!person.mayBeCreated)
    throw error(Code::denied,
                "the user '{0}' does not exist; an administrator can create it: regesta user create {0} --oidc",
                person.name);
}

UserRow accountOf(registry::Change& change, const Person& person) {
  if (auto known = linkedTo(change.transaction, person)) return *known;
  Link link{person.issuer, person.subject};
  if (auto waits = awaiting(change.transaction, person)) {
    setUserLink(change, *waits, link);
    return *waits;
  }
  refuseUnlinkedUser(change.transaction, person);
  insertUser(change, person.name, "", person.grants.value_or(std::vector<Grant>{}), link);
  return activeUser(change.transaction, person.name);
}

}  // namespace

Access::Session Access::openSession(const Person& person, const OneTime& signIn, std::string_view agent) {
  auto [opened, changed] = state_->store.change(signInActor, [&](registry::Change& change) {
    if (!anyoneExists(change.transaction))
      throw Error(Code::invalidState,
                  "this server has no users yet; create the first on its own machine: regesta user create NAME");
    useOnce(change.transaction, signIn, "this sign-in has already been completed; start again");
    UserRow user = accountOf(change, person);
    if (person.grants && grantsText(*person.grants) != user.grants) setUserGrants(change, user, *person.grants);
    bool recorded = change.recorded();  // most sign-ins change nothing that anybody remembers
    if (recorded) State::touch(change);
    return std::pair(state_->insertSession(change, registry::Actor::user(user.name).name, State::Via::provider, agent),
                     recorded);
  });
  if (changed) state_->forget();
  return opened;
}

User Access::createUser(const registry::Actor& actor, std::string_view name, const Link& link,
                        const std::vector<Grant>& asked) {
  checkActorName(name);
  checkLink(link);
  std::vector<Grant> grants = checkGrants(asked);
  User made = state_->store.change(actor, [&](registry::Change& change) {
    // The first user must be able to come in when the provider is away.
    if (!anyoneExists(change.transaction))
      throw Error(Code::invalidState, "create a user with a password first, who can sign in without the provider");
    requireWorkspaces(change.transaction, grants);
    User user = insertUser(change, name, "", grants, link);
    State::touch(change);
    return user;
  });
  state_->forget();
  return made;
}

void Access::linkUser(const registry::Actor& actor, std::string_view name, const Link& link) {
  checkLink(link);
  state_->store.change(actor, [&](registry::Change& change) {
    setUserLink(change, activeUser(change.transaction, name), link);
    State::touch(change);
  });
  state_->forget();
}

void Access::unlinkUser(const registry::Actor& actor, std::string_view name) {
  state_->store.change(actor, [&](registry::Change& change) {
    UserRow user = activeUser(change.transaction, name);
    if (change.transaction.run("DELETE FROM user_link WHERE user_account = $1", {user.id}) == 0)
      throw error(Code::invalidState, "'{}' is linked to no account at an identity provider", name);
    change.transaction.run("DELETE FROM session WHERE actor = $1 AND via = 'oidc'", {registry::Actor::user(name).name});
    change.record(registry::Action::userUnlinked, "", userSubject(name));
    State::touch(change);
  });
  state_->forget();
}

}  // namespace regesta::access
