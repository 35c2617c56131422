#include "api/mlflow/workspaces.h"

#include "api/mlflow/dialect.h"
#include "base/text.h"
#include "registry/workspace.h"
#include "tracking/experiment.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;

struct Workspace {
  std::string name;
  std::optional<std::string> description;
  static constexpr Field fields[] = {field<&Workspace::name>("name"), field<&Workspace::description>("description")};
};
struct OneWorkspace {
  Workspace workspace;
  static constexpr Field fields[] = {field<&OneWorkspace::workspace>("workspace")};
};
struct WorkspaceList {
  std::vector<Workspace> workspaces;
  static constexpr Field fields[] = {field<&WorkspaceList::workspaces>("workspaces")};
};
struct CreateWorkspace {
  std::string name, description, default_artifact_root;
  static constexpr Field fields[] = {field<&CreateWorkspace::name>("name", required),
                                     field<&CreateWorkspace::description>("description"),
                                     field<&CreateWorkspace::default_artifact_root>("default_artifact_root")};
};
struct UpdateWorkspace {
  std::string workspace_name;
  std::optional<std::string> description;
  std::string default_artifact_root;
  static constexpr Field fields[] = {field<&UpdateWorkspace::workspace_name>("workspace_name", required),
                                     field<&UpdateWorkspace::description>("description"),
                                     field<&UpdateWorkspace::default_artifact_root>("default_artifact_root")};
};
struct WorkspaceRef {
  std::string workspace_name;
  static constexpr Field fields[] = {field<&WorkspaceRef::workspace_name>("workspace_name", required)};
};
struct DeleteWorkspace {
  std::string workspace_name, mode = "RESTRICT";
  static constexpr Field fields[] = {field<&DeleteWorkspace::workspace_name>("workspace_name", required),
                                     field<&DeleteWorkspace::mode>("mode")};
};

Workspace wireOf(const registry::Workspace& workspace) {
  return {workspace.name, workspace.description.empty() ? std::nullopt : std::optional(workspace.description)};
}

void refuseOwnRoot(std::string_view root) {
  if (!root.empty())
    throw Error(Code::invalid,
                "'default_artifact_root' cannot be set for a workspace: all of them share the server's artifact store");
}

WorkspaceList listAll(Call& call, const Empty&) {
  WorkspaceList list;
  for (const registry::Workspace& workspace :
       call.core.store.read([](db::Transaction& s) { return registry::listWorkspaces(s); }))
    if (call.identity->may(Verb::read, workspace.name)) list.workspaces.push_back(wireOf(workspace));
  return list;
}

OneWorkspace create(Call& call, const CreateWorkspace& in) {
  call.identity->require(Verb::administer, in.name);
  if (in.name == registry::defaultWorkspace)
    throw Error(Code::invalid, "The 'default' workspace is reserved and cannot be created");
  refuseOwnRoot(in.default_artifact_root);
  call.status = 201;
  return {wireOf(call.core.store.change(call.actor(), [&](registry::Change& change) {
    return registry::createWorkspace(change, in.name, in.description);
  }))};
}

OneWorkspace getOne(Call& call, const WorkspaceRef& in) {
  call.identity->require(Verb::read, in.workspace_name);
  return {
      wireOf(call.core.store.read([&](db::Transaction& s) { return registry::getWorkspace(s, in.workspace_name); }))};
}

OneWorkspace update(Call& call, const UpdateWorkspace& in) {
  call.identity->require(Verb::administer, in.workspace_name);
  refuseOwnRoot(in.default_artifact_root);
  if (!in.description) throw Error(Code::invalid, "Workspace update must have at least one key");
  return {wireOf(call.core.store.change(call.actor(), [&](registry::Change& change) {
    return registry::describeWorkspace(change, in.workspace_name, *in.description);
  }))};
}

Empty remove(Call& call, const DeleteWorkspace& in) {
  call.identity->require(Verb::administer, in.workspace_name);
  if (in.workspace_name == registry::defaultWorkspace)
    throw Error(Code::invalid, "The 'default' workspace is reserved and cannot be deleted");
  if (in.mode != "RESTRICT" && in.mode != "CASCADE" && in.mode != "SET_DEFAULT")
    throw error(Code::invalid, "Invalid deletion mode '{}'. Must be one of: SET_DEFAULT, CASCADE, RESTRICT",
                shorten(in.mode, 100));
  if (in.mode != "RESTRICT")
    throw error(Code::invalid, "Deletion mode '{}' is not available: delete or move what the workspace holds first",
                in.mode);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::getWorkspace(change.transaction, in.workspace_name);
    if (!tracking::listExperiments(change.transaction, in.workspace_name, tracking::View::all).empty())
      throw error(Code::invalidState, "Workspace '{}' is not empty: it holds experiments", in.workspace_name);
    registry::deleteWorkspace(change, in.workspace_name);
  });
  call.status = 204;
  return {};
}

}  // namespace

std::span<const Route> workspaceRoutes() {
  static const Route routes[] = {
      get("/api/3.0/mlflow/workspaces", "List workspaces", scanning(signedIn()), listAll),
      post("/api/3.0/mlflow/workspaces", "Create a workspace", administers("workspaces"), create),
      get("/api/3.0/mlflow/workspaces/{workspace_name}", "Get a workspace", signedIn(), getOne),
      patch("/api/3.0/mlflow/workspaces/{workspace_name}", "Update a workspace", administers("workspaces"), update),
      del("/api/3.0/mlflow/workspaces/{workspace_name}", "Delete a workspace", administers("workspaces"), remove),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
