#include "api/native/workspaces.h"

#include "registry/workspace.h"

namespace regesta::api::native {
namespace {

using access::Verb;

WorkspaceAnswer answerOf(const registry::Workspace& workspace) {
  return {workspace.name, workspace.description, timeText(workspace.createdAt)};
}

/// Workspaces are the server's: who administers only one of them changes none.
void requireServerAdministrator(const Call& call) { call.identity->require(Verb::administer, "*", "*"); }

}  // namespace

Page<WorkspaceAnswer> listWorkspaces(Call& call, const PageQuery& query) {
  auto all = call.core.store.read([](db::Transaction& transaction) { return registry::listWorkspaces(transaction); });
  std::erase_if(all, [&](const auto& workspace) { return !call.identity->may(Verb::read, workspace.name); });
  return pageOf(all, query.pageToken, query.pageSize, [](const auto& workspace) { return workspace.name; }, answerOf);
}

WorkspaceAnswer createWorkspace(Call& call, const NewWorkspace& request) {
  requireServerAdministrator(call);
  call.status = 201;
  return answerOf(call.core.store.change(call.actor(), [&](registry::Change& change) {
    return registry::createWorkspace(change, request.name, request.description);
  }));
}

WorkspaceAnswer getWorkspace(Call& call, const NameOnly& path) {
  call.identity->require(Verb::read, path.name);
  return answerOf(call.core.store.read(
      [&](db::Transaction& transaction) { return registry::getWorkspace(transaction, path.name); }));
}

WorkspaceAnswer describeWorkspace(Call& call, const NewWorkspace& request) {
  requireServerAdministrator(call);
  return answerOf(call.core.store.change(call.actor(), [&](registry::Change& change) {
    return registry::describeWorkspace(change, request.name, request.description);
  }));
}

Empty deleteWorkspace(Call& call, const NameOnly& path) {
  requireServerAdministrator(call);
  call.core.store.change(call.actor(), [&](registry::Change& change) { registry::deleteWorkspace(change, path.name); });
  call.status = 204;
  return {};
}

}  // namespace regesta::api::native
