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
      "no users yet: whoever reaches this server on loopback may do everything");
}

int whoAmI(Session& session) {
  json::value value = session.api().get(route({"users", "me"}));
  return session.show(value, [](const json::object& user) {
    printFields({{"name", member(user, "name")}, {"roles", grantsText(user)}});
  });
}

int create(Session& session) {
  json::object body = {
      {"name", session.args.text("NAME")}, {"password", passwordFor(session)}, {"grants", grantsOf(session.args)}};
  json::object made = session.api().post(route({"users"}), body).as_object();
  return session.said(made, fmt::format("created user {} ({})", session.args.text("NAME"), grantsText(made)));
}

int setPassword(Session& session) {
  std::string path = route({"users", session.args.text("NAME"), "password"});
  json::value answer = session.api().put(path, json::object{{"password", passwordFor(session)}});
  return session.said(answer, fmt::format("changed the password of {}", session.args.text("NAME")));
}

int grant(Session& session) {
  std::string path = route({"users", session.args.text("NAME"), "grants"});
  json::value answer = session.api().put(path, json::object{{"grants", grantsOf(session.args)}});
  return session.said(answer, fmt::format("{} now has: {}", session.args.text("NAME"),
                                          grantsText(json::object{{"grants", grantsOf(session.args)}})));
}

int remove(Session& session) {
  json::value answer = session.api().remove(route({"users", session.args.text("NAME")}));
  return session.said(answer, fmt::format("deleted user {}; the ledger keeps the name", session.args.text("NAME")));
}

}  // namespace

Commands userCommands() {
  Operand name = {"NAME", "the login name; the ledger calls them user:NAME"};
  Option password = {"password", "TEXT", "better: let it be asked for, or pass it on stdin"};
  return {
      {.path = "user list", .summary = "list users and their roles", .examples = {"regesta user list"}, .run = list},
      {.path = "user me", .summary = "who the server takes you for", .examples = {"regesta user me"}, .run = whoAmI},
      {.path = "user create",
       .summary = "create a user; the first one becomes admin, and from then on everybody must log in",
       .operands = {name},
       .options = {grantOption(), password},
       .examples = {"regesta user create anna", "regesta user create rita --grant risk",
                    "regesta user create omar --grant contributor:default:loan-*"},
       .run = create},
      {.path = "user password",
       .summary = "set a user's password",
       .operands = {name},
       .options = {password},
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
