#include "cli/commands.h"
#include "cli/grants.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

std::string passwordFor(const Session& session) {
  if (session.args.has("password")) return session.args.text("password");
  return askSecret("new password for " + session.args.text("NAME"));
}

int list(Session& session) {
  return session.list(
      route({"users"}), {}, {"NAME", "ROLES", "CREATED"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "name"), grantsText(item), shortTime(member(item, "created_at"))};
      },
      "no users yet: every client on loopback may do everything");
}

int whoAmI(Session& session) {
  json::value value = session.api().get(route({"users", "me"}));
  return session.show(value, [](const json::object& user) {
    printFields({{"name", member(user, "name")}, {"roles", grantsText(user)}});
  });
}

int create(Session& session) {
  json::object body = {{"name", session.args.text("NAME")}, {"grants", grantsOf(session.args)}};
  if (session.args.flag("oidc")) {
    if (session.args.has("password")) throw UsageError("--oidc makes a user without a password: leave --password out");
    body["oidc"] = true;
    body["subject"] = session.args.text("subject");
  } else {
    if (session.args.has("subject")) throw UsageError("--subject requires --oidc");
    body["password"] = passwordFor(session);
  }
  json::object made = session.api().post(route({"users"}), body).as_object();
  return session.said(made, fmt::format("created user {} ({}){}", session.args.text("NAME"), grantsText(made),
                                        ownRoles(grantsOf(session.args))));
}

int link(Session& session) {
  const std::string& name = session.args.text("NAME");
  json::object body = {{"subject", session.args.text("subject")}};
  json::value answer = session.api().put(route({"users", name, "link"}), body);
  return session.said(answer,
                      session.args.has("subject")
                          ? fmt::format("{} signs in at the identity provider", name)
                          : fmt::format("the person whom the identity provider next calls {} is {}", name, name));
}

int unlink(Session& session) {
  const std::string& name = session.args.text("NAME");
  json::value answer = session.api().remove(route({"users", name, "link"}));
  return session.said(answer, fmt::format("{} no longer signs in at the identity provider", name));
}

int sessions(Session& session) {
  return session.list(
      route({"sessions"}), {}, {"SIGNED IN", "USED", "UNTIL", "WITH", "BROWSER"},
      [](const json::object& item) -> std::vector<Cell> {
        bool provider = item.at("provider").as_bool();
        return {shortTime(member(item, "created_at")), shortTime(member(item, "used_at")),
                shortTime(member(item, "expires_at")), provider ? "identity provider" : "password or token",
                member(item, "agent")};
      },
      "no browser is signed in as you");
}

int signOut(Session& session) {
  const std::string& name = session.args.text("NAME");
  json::value answer = session.api().remove(name.empty() ? route({"sessions"}) : route({"users", name, "sessions"}));
  return session.said(answer, fmt::format("signed out {} browsers", answer.at("ended").as_int64()));
}

int setPassword(Session& session) {
  std::string path = route({"users", session.args.text("NAME"), "password"});
  json::object body = {{"password", passwordFor(session)}};
  if (session.args.has("current-password")) body["current_password"] = session.args.text("current-password");
  json::value answer;
  try {
    answer = session.api().put(path, body);
  } catch (const Error& refusal) {
    // The caller's own, with credentials that do not show it.
    bool asks = refusal.code == Code::invalid && refusal.message.starts_with("current_password");
    if (!asks || session.args.has("current-password")) throw;
    body["current_password"] = askSecret("current password of " + session.args.text("NAME"));
    answer = session.api().put(path, body);
  }
  return session.said(answer, fmt::format("changed the password of {}", session.args.text("NAME")));
}

int grant(Session& session) {
  std::string path = route({"users", session.args.text("NAME"), "grants"});
  json::array grants = grantsOf(session.args);
  json::value answer = session.api().put(path, json::object{{"grants", grants}});
  return session.said(answer, fmt::format("{} now has: {}{}", session.args.text("NAME"),
                                          grantsText(json::object{{"grants", grants}}), ownRoles(grants)));
}

int remove(Session& session) {
  json::value answer = session.api().remove(route({"users", session.args.text("NAME")}));
  return session.said(answer, fmt::format("deleted user {}; the ledger keeps the name", session.args.text("NAME")));
}

}  // namespace

Commands userCommands() {
  Operand name = {"NAME", "the login name; the ledger shows user:NAME"};
  Option password = {"password", "TEXT", "the password; safer: type it when prompted, or pass it on stdin"};
  Option subject = {"subject", "TEXT", "the account's \"sub\" there (default: that of the first sign-in as NAME)"};
  return {
      {.path = "user list", .summary = "list users and their roles", .examples = {"regesta user list"}, .run = list},
      {.path = "user me",
       .summary = "show the authenticated user and roles",
       .examples = {"regesta user me"},
       .run = whoAmI},
      {.path = "user create",
       .summary = "create a user; the first one becomes admin, and all requests then need credentials",
       .operands = {name},
       .options = {grantOption(),
                   password,
                   {"oidc", "", "the user signs in at the identity provider, without a password"},
                   subject},
       .examples = {"regesta user create anna", "regesta user create rita --grant risk",
                    "regesta user create omar --grant contributor:default:loan-*", "regesta user create mia --oidc"},
       .run = create},
      {.path = "user link",
       .summary = "let a user sign in at the identity provider",
       .operands = {name},
       .options = {subject},
       .examples = {"regesta user link anna", "regesta user link anna --subject 248289761001"},
       .run = link},
      {.path = "user unlink",
       .summary = "unlink a user from the identity provider and end the sessions it started",
       .operands = {name},
       .examples = {"regesta user unlink anna"},
       .run = unlink},
      {.path = "user sessions",
       .summary = "list the browsers that are signed in as you",
       .examples = {"regesta user sessions"},
       .run = sessions},
      {.path = "user sign-out",
       .summary = "end every browser session of a user",
       .operands = {{"NAME", "the login name, for administrators (default: yourself)", false}},
       .examples = {"regesta user sign-out", "regesta user sign-out anna"},
       .run = signOut},
      {.path = "user password",
       .summary = "set a user's password",
       .operands = {name},
       .options = {password,
                   {"current-password", "TEXT", "your current password, to change your own; prompted for if needed"}},
       .examples = {"regesta user password anna"},
       .run = setPassword},
      {.path = "user grant",
       .summary = "replace a user's roles",
       .operands = {name},
       .options = {grantOption()},
       .examples = {"regesta user grant rita --grant risk --grant reader"},
       .run = grant},
      {.path = "user delete",
       .summary = "delete a user",
       .operands = {name},
       .examples = {"regesta user delete anna"},
       .run = remove},
  };
}

}  // namespace regesta::cli
