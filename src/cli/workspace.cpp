#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

int list(Session& session) {
  return session.list(
      route({"workspaces"}), {}, {"NAME", "CREATED", "DESCRIPTION"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "name"), shortTime(member(item, "created_at")), member(item, "description")};
      },
      "no workspaces");
}

int show(Session& session) {
  json::value value = session.api().get(route({"workspaces", session.args.text("NAME")}));
  return session.show(value, [](const json::object& workspace) {
    printFields({{"name", member(workspace, "name")},
                 {"description", member(workspace, "description")},
                 {"created", shortTime(member(workspace, "created_at"))}});
  });
}

int create(Session& session) {
  json::object body = {{"name", session.args.text("NAME")}, {"description", session.args.text("description")}};
  json::value made = session.api().post(route({"workspaces"}), body);
  return session.said(made, fmt::format("created workspace {}", session.args.text("NAME")));
}

int remove(Session& session) {
  json::value answer = session.api().remove(route({"workspaces", session.args.text("NAME")}));
  return session.said(answer, fmt::format("deleted workspace {}", session.args.text("NAME")));
}

}  // namespace

Commands workspaceCommands() {
  Operand name = {"NAME", "the workspace's name"};
  return {
      {.path = "workspace list", .summary = "list workspaces", .examples = {"regesta workspace list"}, .run = list},
      {.path = "workspace show",
       .summary = "show one workspace",
       .operands = {name},
       .examples = {"regesta workspace show default"},
       .run = show},
      {.path = "workspace create",
       .summary = "create a workspace",
       .operands = {name},
       .options = {{"description", "TEXT", "description", 'm'}},
       .examples = {"regesta workspace create retail -m \"consumer lending\""},
       .run = create},
      {.path = "workspace delete",
       .summary = "delete an empty workspace",
       .operands = {name},
       .examples = {"regesta workspace delete retail"},
       .run = remove},
  };
}

}  // namespace regesta::cli
