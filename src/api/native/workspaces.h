#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct WorkspaceAnswer {
  std::string name, description;
  std::optional<std::string> createdAt;
  static constexpr Field fields[] = {field<&WorkspaceAnswer::name>("name"),
                                     field<&WorkspaceAnswer::description>("description"),
                                     field<&WorkspaceAnswer::createdAt>("created_at")};
};
struct NewWorkspace {
  std::string name, description;
  static constexpr Field fields[] = {field<&NewWorkspace::name>("name", required),
                                     field<&NewWorkspace::description>("description")};
};

Page<WorkspaceAnswer> listWorkspaces(Call& call, const PageQuery& query);
WorkspaceAnswer createWorkspace(Call& call, const NewWorkspace& request);
WorkspaceAnswer getWorkspace(Call& call, const NameOnly& path);
WorkspaceAnswer describeWorkspace(Call& call, const NewWorkspace& request);
Empty deleteWorkspace(Call& call, const NameOnly& path);

}  // namespace regesta::api::native
